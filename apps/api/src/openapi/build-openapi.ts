import { OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { Operation } from './operation.ts';
import { operations } from './operations.ts';
import { schemas } from './schemas.ts';

const INFO = {
  title: 'Capstan',
  version: '1',
  description:
    "Fine-tune language models on your own GPU fleet. What OpenAI's API has keeps its paths and fields; whatever is Capstan's own lives under the member `capstan`.",
};

/** The description of the API, made of the schemas that it validates with: it cannot say what the server does not do. */
export function buildOpenApi() {
  const registry = new OpenAPIRegistry();
  const bearer = registry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' });
  for (const operation of operations) registry.registerPath(toPath(operation, bearer.name));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({ openapi: '3.1.0', info: INFO, servers: [{ url: '/' }] });
}

function toPath(operation: Operation, security: string): Parameters<OpenAPIRegistry['registerPath']>[0] {
  const { method, path, id, tag, summary, role, status = 200 } = operation;
  return {
    method,
    path: `/v1${path}`,
    operationId: id,
    tags: [tag],
    summary,
    description: `Needs a key with the role ${role} or a higher one.`,
    security: [{ [security]: [] }],
    request: toRequest(operation),
    responses: {
      [status]: toAnswer(operation),
      default: { description: 'What went wrong, and what to do.', content: { 'application/json': { schema: schemas.Error } } },
    },
  };
}

function toRequest({ path, query, body, form }: Operation) {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string);
  const params = z.object(Object.fromEntries(names.map((name) => [name, z.string()])));
  const content = body ? { 'application/json': { schema: body } } : form ? { 'multipart/form-data': { schema: form } } : undefined;
  return {
    ...(names.length > 0 ? { params } : {}),
    ...(query ? { query } : {}),
    ...(content ? { body: { required: true, content } } : {}),
  };
}

function toAnswer({ answer }: Operation) {
  if (answer instanceof z.ZodType) return { description: 'OK', content: { 'application/json': { schema: answer } } };
  return { description: answer.description, content: { [answer.contentType]: { schema: { type: 'string' as const } } } };
}
