import { getKernel, type KernelConfig, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';
import { batchMatMul } from './batch-mat-mul.ts';
import { rowGather } from './gather.ts';
import { identity } from './identity.ts';
import { unsortedSegmentSum } from './unsorted-segment-sum.ts';

/** Puts our kernels in the stock ones' places. It must run before the wasm backend starts, when kernels bind to its module. */
export function installWasmKernels(): void {
  if (installed) return;
  installed = true;
  for (const kernel of [batchMatMul, identity, unsortedSegmentSum, rowGather()]) replaceKernel(kernel);
}

/** A second time would wrap our own kernels. */
let installed = false;

function replaceKernel(kernel: KernelConfig): void {
  if (getKernel(kernel.kernelName, kernel.backendName) !== undefined) unregisterKernel(kernel.kernelName, kernel.backendName);
  registerKernel(kernel);
}
