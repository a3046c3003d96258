import type { Request } from 'express';
import type { z } from 'zod';
import { refuseUnstorable } from './unstorable-text.ts';
import { validate } from './validate.ts';

/** The query string as `schema` reads it. */
export function readQuery<Schema extends z.ZodType>(request: Request, schema: Schema): z.output<Schema> {
  for (const [name, value] of Object.entries(request.query)) for (const text of [name, value].flat()) refuseUnstorable(String(text), name);
  return validate(schema, { ...request.query });
}

/** Like `readQuery`, with `metadata[key]=value` pairs gathered under `metadata`, as OpenAI's client writes them. */
export function readQueryWithMetadata<Schema extends z.ZodType>(request: Request, schema: Schema): z.output<Schema> {
  const pairs = Object.entries(request.query).flatMap(([name, value]) => {
    const key = /^metadata\[(.*)\]$/s.exec(name)?.[1];
    return key === undefined ? [] : [{ name, key, value }];
  });
  if (pairs.length === 0) return readQuery(request, schema);
  const others = Object.entries(request.query).filter(([name]) => !pairs.some((pair) => pair.name === name));
  for (const { name, value } of pairs) refuseUnstorable(`${name}${value}`, 'metadata');
  return validate(schema, { ...Object.fromEntries(others), metadata: Object.fromEntries(pairs.map(({ key, value }) => [key, value])) });
}
