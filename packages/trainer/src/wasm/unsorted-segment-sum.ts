import { type KernelConfig, type NamedTensorInfoMap, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { type WasmHost, wasmHost } from './host.ts';

/** The gradient of a gather, hence of a trainable embedding, which the stock wasm backend lacks. */
export const unsortedSegmentSum: KernelConfig = {
  kernelName: 'UnsortedSegmentSum',
  backendName: 'wasm',
  kernelFunc: ({ inputs, backend, attrs }) => sumSegments(wasmHost(backend), inputs, Number(attrs?.numSegments)),
};

/** x: [rows, …width], segmentIds: [rows] → [segments, …width]; rows with a negative id are dropped, as in TensorFlow. */
function sumSegments(host: WasmHost, inputs: NamedTensorInfoMap, segments: number): TensorInfo {
  const x = inputs.x as TensorInfo;
  const segmentIds = inputs.segmentIds as TensorInfo;
  const out = host.makeOutput([segments, ...x.shape.slice(1)], 'float32');
  const sums = host.typedArrayFromHeap(out);
  const values = host.typedArrayFromHeap(x);
  const ids = host.typedArrayFromHeap(segmentIds);
  const width = util.sizeFromShape(x.shape.slice(1));
  sums.fill(0);
  for (let row = 0; row < ids.length; row++) {
    const segment = ids[row] as number;
    if (segment < 0) continue;
    const target = segment * width;
    const source = row * width;
    for (let i = 0; i < width; i++) sums[target + i] = (sums[target + i] as number) + (values[source + i] as number);
  }
  return out;
}
