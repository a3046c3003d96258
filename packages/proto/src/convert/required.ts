import { InvalidRequestError } from '@capstan/core';

/** Proto3 leaves every message field open; ours are not. */
export function required<Value>(value: Value | undefined, name: string): Value {
  if (value === undefined) throw new InvalidRequestError(`The message lacks ${name}.`);
  return value;
}
