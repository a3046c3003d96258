import { InvalidRequestError } from '@capstan/core';

interface Schema<Value> {
  parse(input: unknown): Value;
}

export function jsonToProto(value: unknown): { json: Buffer } {
  return { json: Buffer.from(JSON.stringify(value)) };
}

/** Checked by the schema that core keeps for it: the only shape of an assignment. */
export function jsonFromProto<Value>({ json }: { json: Uint8Array }, schema: Schema<Value>): Value {
  try {
    return schema.parse(JSON.parse(Buffer.from(json).toString('utf8')));
  } catch (cause) {
    throw new InvalidRequestError('The assignment cannot be read: scheduler and worker are of different releases.', { cause });
  }
}
