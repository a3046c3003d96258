import type { HostValues, OpAttribute } from './native-backend.ts';
import { createProtoWriter, type ProtoWriter } from './proto-writer.ts';

/** A node of a TensorFlow graph; its inputs are `name:output`. */
export type GraphNode =
  /** -1 stands for any size. */
  | { kind: 'input'; name: string; dtype: number; shape: readonly number[] }
  | { kind: 'constant'; name: string; dtype: number; shape: readonly number[]; values: HostValues }
  | { kind: 'operation'; name: string; operation: string; inputs: readonly string[]; attributes: readonly OpAttribute[] };

/** TF_AttrType of c_api.h, which the binding repeats. */
const ATTRIBUTE_FIELDS: Readonly<Record<number, number>> = { 0: 2, 1: 3, 2: 4, 3: 5, 4: 6 };
const [STRING, INT, FLOAT, BOOL, TYPE] = [0, 1, 2, 3, 4];
const LIST = 1;
/** Of the graph's format; later than every operation that the trainer uses. */
const PRODUCER = 1_500;
export const TAG = 'serve';

/** The bytes of a saved_model.pb that holds these nodes (tensorflow/core/protobuf/saved_model.proto) and no variables. */
export function savedModelBytes(nodes: readonly GraphNode[]): Uint8Array {
  const graph = createProtoWriter();
  for (const node of nodes) graph.message(1, nodeDef(node));
  graph.message(4, createProtoWriter().varint(1, PRODUCER));
  const facts = createProtoWriter().bytes(4, TAG);
  return createProtoWriter().varint(1, 1).message(2, createProtoWriter().message(1, facts).message(2, graph)).finish();
}

function nodeDef(node: GraphNode): ProtoWriter {
  const named = createProtoWriter().bytes(1, node.name);
  switch (node.kind) {
    case 'input':
      withAttribute(named.bytes(2, 'Placeholder'), 'dtype', typeValue(node.dtype));
      return withAttribute(named, 'shape', createProtoWriter().message(7, shapeOf(node.shape)));
    case 'constant':
      return withAttribute(withAttribute(named.bytes(2, 'Const'), 'dtype', typeValue(node.dtype)), 'value', tensorValue(node));
    case 'operation': {
      named.bytes(2, node.operation);
      for (const input of node.inputs) named.bytes(3, input);
      for (const attribute of node.attributes) withAttribute(named, attribute.name, attributeValue(attribute));
      return named;
    }
  }
}

function withAttribute(node: ProtoWriter, name: string, value: ProtoWriter): ProtoWriter {
  return node.message(5, createProtoWriter().bytes(1, name).message(2, value));
}

function typeValue(dtype: number): ProtoWriter {
  return createProtoWriter().varint(ATTRIBUTE_FIELDS[TYPE] as number, dtype);
}

function tensorValue({ dtype, shape, values }: Extract<GraphNode, { kind: 'constant' }>): ProtoWriter {
  const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return createProtoWriter().message(8, createProtoWriter().varint(1, dtype).message(2, shapeOf(shape)).bytes(4, content));
}

function shapeOf(shape: readonly number[]): ProtoWriter {
  const dimensions = createProtoWriter();
  for (const size of shape) dimensions.message(2, createProtoWriter().varint(1, size));
  return dimensions;
}

function attributeValue({ name, type, value }: OpAttribute): ProtoWriter {
  const field = ATTRIBUTE_FIELDS[type];
  if (field === undefined) throw new Error(`The attribute "${name}" has a type that graphs are not made of.`);
  if (typeof value !== 'object') return writeScalar(createProtoWriter(), field, type, value);
  const list = createProtoWriter();
  for (const element of value) writeScalar(list, field, type, element);
  return createProtoWriter().message(LIST, list);
}

function writeScalar(writer: ProtoWriter, field: number, type: number, value: number | boolean | string): ProtoWriter {
  if (type === STRING) return writer.bytes(field, String(value));
  if (type === FLOAT) return writer.float(field, Number(value));
  if (type === BOOL) return writer.varint(field, Boolean(value));
  if (type === INT || type === TYPE) return writer.varint(field, Number(value));
  return writer;
}
