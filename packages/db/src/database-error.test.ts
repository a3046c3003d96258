import { NotFoundError } from '@capstan/core';
import { describe, expect, it } from 'vitest';
import { toAppError } from './database-error.ts';

const failure = (message: string, code?: string) => Object.assign(new Error(message), { code });

describe('an error of the database', () => {
  it.each([
    failure('connect ECONNREFUSED 127.0.0.1:5432', 'ECONNREFUSED'),
    failure('terminating connection due to administrator command', '57P01'),
    failure('the database system is starting up', '57P03'),
    failure('terminating connection due to idle-in-transaction timeout', '25P03'),
    failure('Connection terminated unexpectedly'),
    failure('Query read timeout'),
    failure("Can't reach database server", 'P1001'),
    failure('Database error. Code: `57P01`. Message: `terminating connection due to unexpected postmaster exit`', 'P2039'),
  ])('tells to come back where it is away: %s', (error) => {
    expect(toAppError(error)).toMatchObject({ code: 'unavailable', retryAfterMs: 1_000, cause: error });
  });

  it.each([
    failure('duplicate key value violates unique constraint', '23505'),
    failure('Database error. Code: `22P05`. Message: `unsupported Unicode escape sequence`', 'P2039'),
    new NotFoundError('There is no such job.'),
    'not even an error',
  ])('stays what it is where the request is at fault: %s', (error) => {
    expect(toAppError(error)).toBe(error);
  });
});
