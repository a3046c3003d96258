import { InvalidRequestError } from '@capstan/core';
import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/** `value` as `schema` reads it; otherwise an InvalidRequestError for the first problem, under the name that the client wrote. */
export function validate<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (!issue) throw new InvalidRequestError('The request is not valid.');
  throw toError(issue, value);
}

function toError(issue: Issue, value: unknown): InvalidRequestError {
  const path = wirePath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const param = wirePath([...issue.path, ...issue.keys.slice(0, 1)]);
    return new InvalidRequestError(`Unknown parameter: '${param}'. Remove it or correct its name; GET /openapi.json lists all names.`, {
      param,
      reason: 'unknown_parameter',
    });
  }
  if (path === '') return new InvalidRequestError(`The request is not valid. ${issue.message}`, { param: 'body', reason: 'invalid_value' });
  if (valueAt(value, issue.path) === undefined) {
    const hint = issue.message.startsWith('Invalid') ? '' : ` ${issue.message}`;
    return new InvalidRequestError(`Missing required parameter: '${path}'.${hint}`, { param: path, reason: 'missing_required_parameter' });
  }
  return new InvalidRequestError(`Invalid value for '${path}'. ${issue.message}`, { param: path, reason: 'invalid_value' });
}

/** `messages[0].content`, as people write it. */
function wirePath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined), value);
}
