import { createRequire } from 'node:module';
import type { Worker as NodeWorker, WorkerOptions } from 'node:worker_threads';
import { env } from '@tensorflow/tfjs-core';

const require = createRequire(import.meta.url);
const PACKAGE = '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd';

/** Compiled into the package: it always makes this many workers and takes the ones it needs from the end. */
const POOL_SIZE = 8;

/**
 * Runs `start`, which must start the wasm backend, so that it gets threads: tfjs switches them off in Node. Its loader was written
 * for browsers: it makes workers from blob URLs, which Node cannot run, and takes half of the cores that `os.cpus` shows. Both are
 * put right while `start` runs and left as they were afterwards. The workers do not keep the process alive.
 */
export async function withWasmThreads<Result>(threads: number, start: () => Promise<Result>): Promise<Result> {
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', threads > 1);
  if (threads === 1) return start();
  const workerThreads = require('node:worker_threads') as { Worker: typeof NodeWorker };
  const os = require('node:os') as { cpus(): unknown[] };
  const { Worker } = workerThreads;
  const { cpus } = os;
  const workers: NodeWorker[] = [];
  workerThreads.Worker = workerFactory(Worker, threads, workers);
  os.cpus = () => Array.from({ length: 2 * threads }, () => ({}));
  try {
    return await start();
  } finally {
    workerThreads.Worker = Worker;
    os.cpus = cpus;
    for (const worker of workers) worker.unref();
  }
}

/** Stands in for the Worker class: real workers where a thread will run, idle ones in the pool's other places. */
function workerFactory(Worker: typeof NodeWorker, threads: number, workers: NodeWorker[]): typeof NodeWorker {
  const { wasmWorkerContents } = require(`${PACKAGE}.worker.js`) as { wasmWorkerContents: string };
  const source = wasmWorkerContents.replaceAll('\n', '\\n');
  const module = require.resolve(`${PACKAGE}.js`);
  class PthreadWorker extends Worker {
    constructor(options?: WorkerOptions) {
      super(source, { ...options, eval: true });
    }
    override postMessage(message: { cmd?: string }): void {
      super.postMessage(message.cmd === 'load' ? { ...message, urlOrBlob: module } : message);
    }
  }
  let made = 0;
  return function makeWorker() {
    made += 1;
    if (made <= POOL_SIZE - (threads - 1)) return idleWorker();
    const worker = new PthreadWorker();
    workers.push(worker);
    return worker;
  } as unknown as typeof NodeWorker;
}

/** What the loader calls on a worker that it never uses: it says that it has loaded, and costs nothing. */
function idleWorker() {
  const ignore = () => undefined;
  const worker = {
    onmessage: ignore as (event: { data: { cmd: string } }) => void,
    postMessage: () => queueMicrotask(() => worker.onmessage({ data: { cmd: 'loaded' } })),
    on: ignore,
    ref: ignore,
    unref: ignore,
    terminate: ignore,
  };
  return worker;
}
