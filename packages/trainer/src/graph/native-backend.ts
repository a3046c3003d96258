import { backend, engine, type Tensor } from '@tensorflow/tfjs-core';

/** One operation's attribute, as tfjs-node gives it to TensorFlow. */
export interface OpAttribute {
  name: string;
  /** One of the binding's TF_ATTR_… numbers. */
  type: number;
  value: number | boolean | string | readonly (number | boolean)[];
}

export interface TensorMetadata {
  id: number;
  dtype: number;
  shape: number[];
}

/** TF_DataType of c_api.h. */
export const FLOAT = 1;
export const INT32 = 3;

export type HostValues = Float32Array | Int32Array | Uint8Array;

/** The parts of tfjs-node's binding that compiled graphs stand on. They are internals: the package's version is pinned. */
export interface NativeBinding {
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  createTensor(shape: number[], dtype: number, values: HostValues): number;
  executeOp(name: string, attributes: OpAttribute[], inputIds: number[], outputs: number): TensorMetadata[];
  loadSavedModel(directory: string, tags: string): number;
  deleteSavedModel(model: number): void;
  runSavedModel(model: number, inputIds: number[], inputs: string, outputs: string): TensorMetadata[];
}

export interface NativeBackend {
  binding: NativeBinding;
  readonly isUsingGpuDevice: boolean;
  /** TensorFlow's own ids; tensors that were only described so far are made now. */
  getInputTensorIds(tensors: readonly Tensor[]): number[];
  createOutputTensor(metadata: TensorMetadata): Tensor;
  executeMultipleOutputs(name: string, attributes: OpAttribute[], inputs: readonly Tensor[], outputs: number): Tensor[];
}

export const NATIVE = 'tensorflow';

/** The current backend if it is tfjs-node on a CPU; a GPU would have to copy every weight for each run of a graph. */
export function nativeCpuBackend(): NativeBackend | undefined {
  if (engine().backendName !== NATIVE) return undefined;
  const native = backend() as unknown as NativeBackend;
  return native.isUsingGpuDevice ? undefined : native;
}
