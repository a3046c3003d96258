import { readFileSync } from 'node:fs';
import { z } from 'zod';

const operationSchema = z.looseObject({
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).default([]),
  requestBody: z.looseObject({ content: z.record(z.string(), z.unknown()) }).optional(),
});
const descriptionSchema = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), operationSchema)) });

/** What the API's own description says of one operation. */
export interface Route {
  name: string;
  method: string;
  path: string;
  queryNames: string[];
  takes: 'json' | 'form' | 'nothing';
}

/** Places that the description leaves out: they answer with a page, a probe's word, or a refusal. */
const UNDESCRIBED: Route[] = [
  'GET /healthz',
  'GET /readyz',
  'GET /metrics',
  'GET /openapi.json',
  'GET /docs/{path}',
  'GET /{path}',
  'POST /v1/uploads',
  'POST /v1/embeddings',
  'POST /v1/responses',
  'GET /v1/batches/{path}',
  'POST /v1/fine_tuning/alpha/graders/{path}',
  'GET /v1/fine_tuning/checkpoints/{path}/permissions',
].map((name) => {
  const [method = '', path = ''] = name.split(' ');
  return { name, method, path, queryNames: [], takes: method === 'POST' ? 'json' : 'nothing' };
});

/** Every operation of the description, so that a new one is part of the next run without a word here. */
export function readRoutes(descriptionFile: string): Route[] {
  const { paths } = descriptionSchema.parse(JSON.parse(readFileSync(descriptionFile, 'utf8')));
  const described = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => toRoute(method.toUpperCase(), path, operation)),
  );
  return [...described, ...UNDESCRIBED];
}

function toRoute(method: string, path: string, { parameters, requestBody }: z.infer<typeof operationSchema>): Route {
  const queryNames = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  const types = Object.keys(requestBody?.content ?? {});
  const takes = types.includes('multipart/form-data') ? 'form' : types.length > 0 ? 'json' : 'nothing';
  return { name: `${method} ${path}`, method, path, queryNames, takes };
}
