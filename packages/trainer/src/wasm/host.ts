import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';

/** The parts of tfjs-backend-wasm's backend object that our kernels stand on. They are internals: its version is pinned. */
export interface WasmHost {
  readonly wasm: {
    cwrap(name: string, returns: null, parameters: readonly ('number' | 'array')[]): (...values: (number | boolean | Uint8Array)[]) => void;
    readonly tfjs: {
      /** Tells the C++ side that tensor `id` lies at `offset`; nothing is allocated. */
      registerTensor(id: number, size: number, offset: number): void;
      /** Forgets `id` with every XNNPACK operator made for it; the memory stays. */
      disposeData(id: number): void;
    };
  };
  readonly dataIdMap: { get(dataId: object): { id: number; memoryOffset: number } };
  dataIdNextNumber: number;
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  /** Another tensor holds the same content. */
  incRef(dataId: object): void;
  disposeData(dataId: object): boolean;
  /** A view that the next allocation may detach: allocate first, look afterwards. */
  typedArrayFromHeap(tensor: TensorInfo): Float32Array | Int32Array | Uint8Array;
}

/** Narrows the untyped backend argument that every tfjs kernel receives. */
export function wasmHost(backend: object): WasmHost {
  return backend as WasmHost;
}
