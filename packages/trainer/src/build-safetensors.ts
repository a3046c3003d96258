import { DTYPE_BYTES, LENGTH_BYTES, METADATA_KEY, requireSize, type SafetensorsDtype } from './safetensors-layout.ts';

export interface SafetensorsSource {
  dtype: SafetensorsDtype;
  shape: readonly number[];
  /** Numbers for F32, else (or as well) the tensor's little-endian bytes. */
  data: Float32Array | Uint8Array;
}

/**
 * Writes tensors so that equal input gives equal bytes, whatever the order of the map: wide dtypes first, then by name, as
 * the reference writer does. The header is padded so that the data starts at a multiple of 8.
 */
export function buildSafetensors(entries: ReadonlyMap<string, SafetensorsSource>, metadata: Record<string, string> = {}): Uint8Array {
  const tensors = [...entries]
    .map(([name, { dtype, shape, data }]) => ({ name, dtype, shape, bytes: asBytes(data) }))
    .sort((a, b) => DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype] || compareText(a.dtype, b.dtype) || compareText(a.name, b.name));
  const header = Object.create(null) as Record<string, unknown>;
  if (Object.keys(metadata).length > 0) {
    header[METADATA_KEY] = Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => compareText(a, b)));
  }
  let position = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    requireSize(name, dtype, shape, bytes.length);
    header[name] = { dtype, shape, data_offsets: [position, position + bytes.length] };
    position += bytes.length;
  }
  return joinFile(JSON.stringify(header), tensors, position);
}

function joinFile(json: string, tensors: readonly { bytes: Uint8Array }[], dataBytes: number): Uint8Array {
  const unpadded = new TextEncoder().encode(json);
  const headerBytes = Math.ceil(unpadded.length / LENGTH_BYTES) * LENGTH_BYTES;
  const file = new Uint8Array(LENGTH_BYTES + headerBytes + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, LENGTH_BYTES + unpadded.length, LENGTH_BYTES + headerBytes);
  file.set(unpadded, LENGTH_BYTES);
  let position = LENGTH_BYTES + headerBytes;
  for (const { bytes } of tensors) {
    file.set(bytes, position);
    position += bytes.length;
  }
  return file;
}

function asBytes(data: Float32Array | Uint8Array): Uint8Array {
  return data instanceof Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** By code unit, not by locale: the order may not depend on the machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
