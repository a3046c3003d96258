import { ModelError } from '@capstan/core';
import { DTYPE_BYTES, LENGTH_BYTES, METADATA_KEY, requireSize, type SafetensorsDtype } from './safetensors-layout.ts';

export { buildSafetensors } from './build-safetensors.ts';
export { toFloat32 } from './to-float32.ts';

export interface SafetensorsEntry {
  dtype: SafetensorsDtype;
  shape: number[];
  /** The tensor's little-endian bytes: a view into the file, not a copy. */
  data: Uint8Array;
}

/** The reference reader's own bound: a longer header is an attack or a broken file. */
const MAX_HEADER_BYTES = 100_000_000;

/** Reads a file in the safetensors layout as views, in file order. Anything the reference reader refuses throws a ModelError. */
export function parseSafetensors(bytes: Uint8Array): Map<string, SafetensorsEntry> {
  const { header, dataStart } = readHeader(bytes);
  const data = bytes.subarray(dataStart);
  const spans = Object.entries(header)
    .filter(([name]) => name !== METADATA_KEY)
    .map(([name, entry]) => readSpan(name, entry, data.length))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  requireSeamless(spans, data.length);
  return new Map(spans.map(({ name, dtype, shape, begin, end }) => [name, { dtype, shape, data: data.subarray(begin, end) }]));
}

/** The free-form strings that a file carries beside its tensors; empty if it has none. */
export function readSafetensorsMetadata(bytes: Uint8Array): Record<string, string> {
  const metadata = readHeader(bytes).header[METADATA_KEY];
  if (metadata === undefined) return {};
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== 'string')) {
    throw new ModelError('safetensors: __metadata__ must hold strings only.');
  }
  return metadata as Record<string, string>;
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < LENGTH_BYTES) {
    throw new ModelError(`safetensors: the file has ${bytes.length} bytes; even its header length needs ${LENGTH_BYTES}.`);
  }
  const declared = new DataView(bytes.buffer, bytes.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (declared > BigInt(MAX_HEADER_BYTES)) {
    throw new ModelError(
      `safetensors: the header claims ${declared} bytes, more than the ${MAX_HEADER_BYTES} allowed; is this a safetensors file?`,
    );
  }
  const dataStart = LENGTH_BYTES + Number(declared);
  if (dataStart > bytes.length) {
    throw new ModelError(
      `safetensors: the header claims ${declared} bytes, but only ${bytes.length - LENGTH_BYTES} follow; the file is cut short.`,
    );
  }
  return { header: parseHeader(bytes.subarray(LENGTH_BYTES, dataStart)), dataStart };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ModelError('safetensors: the header is not JSON.', { cause });
  }
  if (!isRecord(header)) throw new ModelError('safetensors: the header is not a JSON object.');
  return header;
}

interface Span {
  name: string;
  dtype: SafetensorsDtype;
  shape: number[];
  begin: number;
  end: number;
}

function readSpan(name: string, entry: unknown, dataBytes: number): Span {
  if (!isRecord(entry)) throw new ModelError(`safetensors: tensor "${name}" is not described by an object.`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isDtype(dtype)) throw new ModelError(`safetensors: tensor "${name}" has the unknown dtype ${JSON.stringify(dtype)}.`);
  if (!isSizes(shape))
    throw new ModelError(`safetensors: tensor "${name}" has the shape ${JSON.stringify(shape)}; it must list whole numbers.`);
  const [begin, end] = isSizes(offsets) && offsets.length === 2 ? offsets : [];
  if (begin === undefined || end === undefined || begin > end || end > dataBytes) {
    const range = JSON.stringify(offsets);
    throw new ModelError(`safetensors: tensor "${name}" has the data_offsets ${range}, outside the ${dataBytes} bytes of data.`);
  }
  requireSize(name, dtype, shape, end - begin);
  return { name, dtype, shape, begin, end };
}

/** Tensors follow each other without gap or overlap and end where the file ends, as the reference reader demands. */
function requireSeamless(spans: readonly Span[], dataBytes: number): void {
  let position = 0;
  for (const { name, begin, end } of spans) {
    if (begin < position) throw new ModelError(`safetensors: tensor "${name}" overlaps another at byte ${begin} of the data.`);
    if (begin > position) throw new ModelError(`safetensors: no tensor covers the data from byte ${position} to ${begin}.`);
    position = end;
  }
  if (position < dataBytes) throw new ModelError(`safetensors: ${dataBytes - position} bytes follow the last tensor.`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDtype(value: unknown): value is SafetensorsDtype {
  return typeof value === 'string' && Object.hasOwn(DTYPE_BYTES, value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
