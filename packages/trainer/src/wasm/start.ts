import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import { engine, registerBackend, removeBackend, setBackend } from '@tensorflow/tfjs-core';
import { measureGflops } from '../self-test.ts';
import { installWasmKernels } from './install.ts';
import { withWasmThreads } from './threads.ts';

/** XNNPACK's products at this project's sizes gain nothing from more; the package's pool ends at eight. */
const MOST_THREADS = 4;

/**
 * Threads wait for each other spinning, and every small operation waits: on a core that is shared with another process they cost far
 * more than they bring. So one core is left to others, and the rest must show a clear gain.
 */
const WORTHWHILE_GAIN = 1.3;

let running = 0;

/**
 * Makes wasm the current backend and returns its number of threads: the given one, or the one that a short measurement favours.
 * A wasm backend that runs already stays as it is, unless it was given another number: then it starts anew and its tensors are gone.
 */
export async function startWasm({ threads, cores }: { threads: number | undefined; cores: number }): Promise<number> {
  if (threads !== undefined) return startWith(threads);
  if (running > 0) return startWith(running);
  const most = Math.max(1, Math.min(cores - 1, MOST_THREADS));
  await startWith(1);
  if (most === 1) return 1;
  const single = await measureGflops();
  await startWith(most);
  return (await measureGflops()) >= single * WORTHWHILE_GAIN ? most : startWith(1);
}

async function startWith(threads: number): Promise<number> {
  installWasmKernels();
  if (running > 0 && running !== threads) forget();
  setThreadsCount(threads);
  const started = await withWasmThreads(threads, () => setBackend('wasm'));
  if (!started) throw new Error('it could not be initialised');
  running = threads;
  return threads;
}

function forget(): void {
  const factory = engine().findBackendFactory('wasm');
  removeBackend('wasm');
  registerBackend('wasm', factory, 2);
}
