import { ModelError } from '@capstan/core';

export type Json = Record<string, unknown>;

/** The object in a config file; anything else throws a ModelError. */
export function parseConfigJson(bytes: Uint8Array): Json {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (isObject(json)) return json;
  } catch (cause) {
    throw new ModelError('config.json is not JSON.', { cause });
  }
  throw new ModelError('config.json is not a JSON object.');
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function readCount(json: Json, key: string, fallback?: number): number {
  const value = json[key] ?? fallback;
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value;
  throw new ModelError(`config.json: ${key} must be a whole number above 0, but is ${JSON.stringify(value)}.`);
}

export function readId(json: Json, key: string, fallback: number): number {
  const value = json[key] ?? fallback;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw new ModelError(`config.json: ${key} must be a token id, but is ${JSON.stringify(value)}.`);
}

/** One id or a list of them; none where the key is absent. */
export function readIds(json: Json, key: string): number[] {
  const value = json[key];
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]).map((id) => readId({ [key]: id }, key, 0));
}

export function readFraction(json: Json, key: string, fallback: number): number {
  const value = json[key] ?? fallback;
  if (typeof value === 'number' && value >= 0 && value < 1) return value;
  throw new ModelError(`config.json: ${key} must be at least 0 and below 1, but is ${JSON.stringify(value)}.`);
}

export function readPositive(json: Json, key: string, fallback?: number): number {
  const value = json[key] ?? fallback;
  if (typeof value === 'number' && value > 0) return value;
  throw new ModelError(`config.json: ${key} must be a number above 0, but is ${JSON.stringify(value)}.`);
}

/** Throws where a setting asks for what is not computed here. */
export function requireOneOf<Value>(json: Json, key: string, allowed: readonly Value[]): Value {
  const value = json[key] ?? allowed[0];
  if (allowed.includes(value as Value)) return value as Value;
  const known = allowed.map((one) => JSON.stringify(one)).join(' or ');
  throw new ModelError(`config.json: ${key} ${JSON.stringify(value)} is not supported; use ${known}.`);
}
