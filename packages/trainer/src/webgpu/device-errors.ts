import { backend, engine } from '@tensorflow/tfjs-core';

/** The parts of a GPUDevice that tell of failures: WebGPU reports them as events, and goes on. */
interface Device {
  addEventListener(type: 'uncapturederror', listener: (event: { error: { message: string } }) => void): void;
  readonly lost: Promise<{ reason: string; message: string }>;
}

/** The first failure of every device that is watched, once it has one. */
const failures = new WeakMap<Device, Error | undefined>();

/** Remembers the first failure of the current backend's device. */
export function watchDevice(): void {
  const device = currentDevice() as Device;
  if (failures.has(device)) return;
  failures.set(device, undefined);
  const remember = (what: string, message: string) => {
    failures.set(device, failures.get(device) ?? new Error(`The GPU ${what}: ${message}`));
  };
  device.addEventListener('uncapturederror', ({ error }) => remember(`reported a ${error.constructor.name}`, error.message));
  void device.lost.then(({ reason, message }) => remember('was lost', message || reason));
}

/** Throws the failure of the current backend's device, if there is one: what it has computed since is not to be trusted. */
export function throwDeviceFailure(): void {
  const device = currentDevice();
  const failure = device && failures.get(device);
  if (failure !== undefined) throw failure;
}

function currentDevice(): Device | undefined {
  return engine().backendName === 'webgpu' ? (backend() as unknown as { device: Device }).device : undefined;
}
