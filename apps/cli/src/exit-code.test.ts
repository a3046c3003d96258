import { ApiError, ConnectionError } from '@capstan/client';
import { AppError, ERROR_CODES, NotFoundError, UnauthenticatedError, UnavailableError } from '@capstan/core';
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { JobNotSucceededError, UsageError } from './cli-errors.ts';
import { describeError, errorDocument } from './describe-error.ts';
import { exitCodeOf } from './exit-code.ts';

const apiError = (status: number, message = 'No.') =>
  new ApiError(message, { status, type: 'x', code: 'x', param: null, requestId: null, retryAfterMs: null, problems: [] });

describe('exit status', () => {
  it.each([
    [new UsageError('Give a file.'), 2],
    [new CommanderError(1, 'commander.unknownOption', 'unknown option'), 2],
    [new CommanderError(0, 'commander.helpDisplayed', '(outputHelp)'), 0],
    [new NotFoundError('No such job.'), 3],
    [new UnauthenticatedError('Who are you?'), 4],
    [new AppError('permission_denied', 'No.'), 4],
    [new UnavailableError('Nobody answers.'), 5],
    [new ConnectionError('http://x', null), 5],
    [apiError(404), 3],
    [apiError(401), 4],
    [apiError(403), 4],
    [apiError(429), 5],
    [apiError(503), 5],
    [apiError(400), 1],
    [new JobNotSucceededError('The job failed.'), 6],
    [new TypeError('a bug'), 1],
    ['a string', 1],
  ])('of %s is %d', (error, code) => expect(exitCodeOf(error)).toBe(code));

  it('is never 0 for an error of ours', () => {
    for (const code of ERROR_CODES) expect(exitCodeOf(new AppError(code, 'x'))).toBeGreaterThan(0);
  });
});

describe('error line', () => {
  it('ends like a sentence and says what to do where that is known', () => {
    expect(describeError(new NotFoundError('No such job'))).toBe('No such job.');
    expect(describeError(new ConnectionError('http://x', null))).toMatch(/is the server running\? .*capstan up/);
    expect(describeError(apiError(401, 'Who are you?'))).toMatch(/^Who are you\? .*--api-key/);
    expect(describeError(apiError(503, 'The database is away.'))).toBe('The database is away.');
  });

  it('is a document too', () => {
    expect(errorDocument(new NotFoundError('No such job.'))).toEqual({
      error: { code: 'not_found', message: 'No such job.', param: null },
    });
    expect(errorDocument(new Error('boom')).error).toMatchObject({ code: 'internal', message: 'boom.' });
  });
});
