import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { enableProdMode, memory, setBackend } from '@tensorflow/tfjs-core';
import { registerOps } from './ops/register.ts';
import { measureGflops, selfTest } from './self-test.ts';
import { installWasmKernels } from './wasm/install.ts';

export type BackendName = 'tfjs-node' | 'wasm' | 'cpu';

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
  wasm: 'WebAssembly with XNNPACK computes correctly; it is the fastest backend that needs no native library.',
  cpu: 'Plain JavaScript is the last resort: correct everywhere, and slow.',
};

/** tfjs's own names of the backends. */
const ENGINE_NAMES: Record<BackendName, string> = { 'tfjs-node': 'tensorflow', wasm: 'wasm', cpu: 'cpu' };

/**
 * Starts the first backend that loads and passes the self-test, trying `prefer` before the others. Later calls may switch.
 */
export async function initBackend({ prefer }: { prefer?: BackendName } = {}): Promise<BackendReport> {
  enableProdMode(); // else tfjs writes advice to the console
  const tried: BackendReport['tried'] = [];
  const names: BackendName[] = ['tfjs-node', 'wasm', 'cpu'];
  for (const name of prefer === undefined ? names : [prefer, ...names.filter((other) => other !== prefer)]) {
    const problem = await start(name);
    tried.push({ name, ok: problem === undefined, reason: problem ?? REASONS[name] });
    if (problem === undefined) return { name, reason: REASONS[name], threads: 1, tried, gflops: measureGflops() };
  }
  throw new Error(`No tensor backend works: ${tried.map(({ name, reason }) => `${name}: ${reason}`).join('; ')}`);
}

/** Tensors and bytes that the current backend holds. */
export function backendMemory(): { numTensors: number; numBytes: number } {
  const { numTensors, numBytes } = memory();
  return { numTensors, numBytes };
}

/** Returns what is wrong, or nothing. */
async function start(name: BackendName): Promise<string | undefined> {
  try {
    if (name === 'tfjs-node') await importTfjsNode();
    if (name === 'wasm') installWasmKernels();
    if (!(await setBackend(ENGINE_NAMES[name]))) return 'it could not be initialised';
    registerOps(ENGINE_NAMES[name]);
    return selfTest();
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0];
  }
}

/** An optional dependency: a specifier that is not a literal keeps bundlers and the compiler from demanding it. */
async function importTfjsNode(): Promise<void> {
  const specifier: string = '@tensorflow/tfjs-node';
  await import(specifier);
}
