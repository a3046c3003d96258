import { availableParallelism } from 'node:os';
import util from 'node:util';
import '@tensorflow/tfjs-backend-cpu';
import { enableProdMode, memory, setBackend } from '@tensorflow/tfjs-core';
import { registerOps } from './ops/register.ts';
import { measureGflops, selfTest } from './self-test.ts';
import { startWasm } from './wasm/start.ts';
import { startWebGpu } from './webgpu/start.ts';

export type BackendName = 'tfjs-node' | 'webgpu' | 'wasm' | 'cpu';

export interface BackendReport {
  name: BackendName;
  /** In words, why this one was chosen. */
  reason: string;
  threads: number;
  tried: { name: string; ok: boolean; reason: string }[];
  /** Measured rate of a matrix product, 10⁹ operations per second. */
  gflops: number;
}

const REASONS: Record<BackendName, string> = {
  'tfjs-node': 'TensorFlow’s native library is installed and computes correctly; nothing here is faster.',
  webgpu: 'WebGPU computes correctly on the adapter that this machine offers.',
  wasm: 'WebAssembly with XNNPACK computes correctly; it is the fastest backend that needs no native library.',
  cpu: 'Plain JavaScript is the last resort: correct everywhere, and slow.',
};

/** tfjs's own names of the backends. */
const ENGINE_NAMES: Record<BackendName, string> = { 'tfjs-node': 'tensorflow', webgpu: 'webgpu', wasm: 'wasm', cpu: 'cpu' };

export interface BackendOptions {
  prefer?: BackendName | undefined;
  /** Of the WebAssembly backend; measured if not given. */
  threads?: number | undefined;
}

/**
 * Starts the first backend that loads and passes the self-test, trying `prefer` before the others. Results do not depend on the number
 * of threads. A later call may switch the backend, or its number of threads, which frees every tensor on it.
 */
export async function initBackend({ prefer, threads }: BackendOptions = {}): Promise<BackendReport> {
  enableProdMode(); // else tfjs writes advice to the console
  const tried: BackendReport['tried'] = [];
  const names: BackendName[] = ['tfjs-node', 'webgpu', 'wasm', 'cpu'];
  for (const name of prefer === undefined ? names : [prefer, ...names.filter((other) => other !== prefer)]) {
    const outcome = await start(name, { prefer, threads });
    const ok = typeof outcome === 'number';
    tried.push({ name, ok, reason: ok ? REASONS[name] : outcome });
    if (ok) return { name, reason: REASONS[name], threads: outcome, tried, gflops: await measureGflops() };
  }
  throw new Error(`No tensor backend works: ${tried.map(({ name, reason }) => `${name}: ${reason}`).join('; ')}`);
}

/** Tensors and bytes that the current backend holds. */
export function backendMemory(): { numTensors: number; numBytes: number } {
  const { numTensors, numBytes } = memory();
  return { numTensors, numBytes };
}

/** Returns the number of threads of a backend that works, or what is wrong with it. */
async function start(name: BackendName, options: BackendOptions): Promise<number | string> {
  try {
    const started = await STARTERS[name](options);
    registerOps(ENGINE_NAMES[name]);
    return (await selfTest()) ?? started;
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] as string;
  }
}

const STARTERS: Record<BackendName, (options: BackendOptions) => Promise<number>> = {
  'tfjs-node': async () => {
    await importTfjsNode();
    await setBackend(ENGINE_NAMES['tfjs-node']);
    return availableParallelism(); // TensorFlow takes all
  },
  webgpu: async ({ prefer }) => {
    await startWebGpu({ takesSoftware: prefer === 'webgpu' });
    return 1;
  },
  wasm: ({ threads }) => startWasm({ threads, cores: availableParallelism() }),
  cpu: async () => {
    await setBackend(ENGINE_NAMES.cpu);
    return 1;
  },
};

const TENSORFLOW_SETTINGS = {
  /** Its advice would fill stderr; errors still come. */
  TF_CPP_MIN_LOG_LEVEL: '2',
  /** Keeps what was freed for the next tensor: pages fresh from the system cost as much as the arithmetic on them. */
  TF_CPU_ALLOCATOR_USE_BFC: 'true',
  /** Products by oneDNN on every processor: TensorFlow's own choice leaves it out on some, where transposed weights then cost twice as much. */
  TF_ENABLE_ONEDNN_OPTS: '1',
};

/** An optional dependency: a specifier that is not a literal keeps bundlers and the compiler from demanding it. */
async function importTfjsNode(): Promise<void> {
  // oxlint-disable-next-line node/no-process-env -- the library reads them when it loads, and has no other door
  const { env } = process;
  Object.assign(env, { ...TENSORFLOW_SETTINGS, ...env });
  const legacy = util as { isNullOrUndefined?(value: unknown): boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined; // tfjs-node calls it; Node 23 took it out
  const specifier: string = '@tensorflow/tfjs-node';
  await import(specifier);
}
