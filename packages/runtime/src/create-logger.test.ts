import { ModelError } from '@capstan/core';
import { expect, it } from 'vitest';
import { createLogger } from './create-logger.ts';

function capture() {
  const lines: string[] = [];
  const logger = createLogger({ name: 'test', destination: { write: (line) => void lines.push(line) } });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

it('writes one JSON line with name, level word, ISO time, bound fields and message', () => {
  const { logger, last } = capture();
  logger.child({ jobId: 'ftjob-1', attempt: 2 }).info({ rank: 0 }, 'rank started');
  expect(last()).toMatchObject({ name: 'test', level: 'info', jobId: 'ftjob-1', attempt: 2, rank: 0, msg: 'rank started' });
  expect(new Date(String(last().time)).getTime()).not.toBeNaN();
});

it('hides secrets in fields, in nested fields, in messages and in errors', () => {
  const { logger, lines } = capture();
  logger.info({ token: 'hidden-1', request: { headers: { authorization: 'hidden-2' } } }, 'with key sk-capstan-hidden3hidden');
  logger.error({ err: new ModelError('could not reach postgres://user:hidden4@host/db') }, 'sent Bearer hidden5hidden5');
  expect(lines.join('')).not.toContain('hidden');
  expect(lines.join('')).toContain('postgres://user:[redacted]@host/db');
});

it('keeps type, code, stack and cause of an error', () => {
  const { logger, last } = capture();
  logger.error({ err: new ModelError('outer', { cause: new Error('inner') }) }, 'failed');
  const err = last().err as { type: string; code: string; message: string; stack: string };
  expect(err).toMatchObject({ type: 'ModelError', code: 'model_invalid', message: 'outer: inner' });
  expect(err.stack).toContain('create-logger.test.ts');
});
