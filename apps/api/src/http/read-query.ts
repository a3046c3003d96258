import type { Request } from 'express';
import type { z } from 'zod';
import { refuseUnstorable } from './unstorable-text.ts';
import { validate } from './validate.ts';

/** The query string as `schema` reads it. */
export function readQuery<Schema extends z.ZodType>(request: Request, schema: Schema): z.output<Schema> {
  return validate(schema, storableQuery(request));
}

/** Like `readQuery`, with `metadata[key]=value` pairs gathered under `metadata`, as OpenAI's client writes them. */
export function readQueryWithMetadata<Schema extends z.ZodType>(request: Request, schema: Schema): z.output<Schema> {
  const metadata: [string, unknown][] = [];
  const others: [string, unknown][] = [];
  for (const [name, value] of Object.entries(storableQuery(request))) {
    const key = /^metadata\[(.*)\]$/s.exec(name)?.[1];
    if (key === undefined) others.push([name, value]);
    else metadata.push([key, value]);
  }
  const gathered = metadata.length === 0 ? {} : { metadata: Object.fromEntries(metadata) };
  return validate(schema, { ...Object.fromEntries(others), ...gathered });
}

/** A parameter that is given twice is a list, which no schema takes. */
function storableQuery({ query }: Request): Record<string, unknown> {
  for (const [name, value] of Object.entries(query)) {
    for (const text of [name, value].flat()) if (typeof text === 'string') refuseUnstorable(text, name.replaceAll('\0', ''));
  }
  return { ...query };
}
