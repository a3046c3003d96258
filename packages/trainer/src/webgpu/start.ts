import { readdirSync } from 'node:fs';
import { setBackend } from '@tensorflow/tfjs-core';
import { watchDevice } from './device-errors.ts';

/** What the npm package `webgpu` (Dawn) offers, as far as it is used. */
interface Dawn {
  create(flags: string[]): Gpu;
  globals: Record<string, unknown>;
}

interface Gpu {
  requestAdapter(options: { powerPreference: 'high-performance' }): Promise<Adapter | null>;
}

interface Adapter {
  info: { vendor: string; architecture: string; description: string };
}

/**
 * Makes WebGPU the current backend, on the adapter that computes fastest. Without a graphics processor it throws, and so it does where the
 * only adapter is a program, unless `takesSoftware`: WebAssembly is faster than that. From here on, what the device reports makes the next
 * read of a tensor throw.
 */
export async function startWebGpu({ takesSoftware }: { takesSoftware: boolean }): Promise<void> {
  if (!takesSoftware && !showsGpu()) throw new Error('this machine shows no graphics processor');
  adapterInfo ??= openAdapter();
  const info = await adapterInfo;
  if (SOFTWARE.test(`${info.architecture} ${info.description}`) && !takesSoftware)
    throw new Error(`the only adapter is a program (${info.description})`);
  await importOptional('@tensorflow/tfjs-backend-webgpu');
  if (!(await setBackend('webgpu'))) throw new Error('it could not be initialised');
  watchDevice();
}

let adapterInfo: Promise<Adapter['info']> | undefined;

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|\bcpu\b/i;

/** tfjs finds the adapter where a browser has it. */
async function openAdapter(): Promise<Adapter['info']> {
  const { create, globals } = (await importOptional('webgpu')) as Dawn;
  const gpu = create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new Error('there is no adapter: WebGPU needs a driver for Vulkan, Metal or Direct3D 12');
  Object.assign(globalThis, globals);
  const navigator = (globalThis as { navigator?: object }).navigator ?? {}; // Node has one from version 21
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
  return adapter.info;
}

/** Loading Dawn without a driver would fill stderr with its complaint. On Linux a graphics processor is a device file, or its driver is named. */
function showsGpu(): boolean {
  if (process.platform !== 'linux') return true;
  // oxlint-disable-next-line node/no-process-env -- the Vulkan loader's own settings
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES } = process.env;
  return (
    Boolean(VK_ICD_FILENAMES ?? VK_DRIVER_FILES) || ['/dev', '/dev/dri'].some((folder) => filesIn(folder).some((name) => GPU.test(name)))
  );
}

const GPU = /^(?:nvidia\d+|renderD\d+|dxg)$/;

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** An optional dependency: a specifier that is not a literal keeps bundlers and the compiler from demanding it. */
async function importOptional(specifier: string): Promise<unknown> {
  return import(specifier);
}
