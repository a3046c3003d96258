import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { wasmHost } from './host.ts';

/** A clone shares its content, which no kernel ever changes; the stock kernel copies it, and the tape clones whatever it saves. */
export const identity: KernelConfig = {
  kernelName: 'Identity',
  backendName: 'wasm',
  kernelFunc: ({ inputs, backend }) => {
    const { dataId, shape, dtype } = inputs.x as TensorInfo;
    wasmHost(backend).incRef(dataId);
    return { dataId, shape, dtype };
  },
};
