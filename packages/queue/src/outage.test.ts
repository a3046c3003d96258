import { NotFoundError, UnavailableError } from '@capstan/core';
import { describe, expect, test } from 'vitest';
import { isOutage, reachingStore } from './outage.ts';

describe('what counts as an outage of the store', () => {
  test.each([
    ['a refused connection', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
    ['a refused connection on every address', new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED' })])],
    ['a Redis that is loading its data', new Error('LOADING Redis is loading the dataset in memory')],
    ['a Redis that became a replica', new Error("READONLY You can't write against a read only replica.")],
    ['a command without an answer', new Error('Command timed out')],
    ['a Postgres that is shutting down', Object.assign(new Error('terminating connection'), { code: '57P01' })],
    ['a Postgres connection that dropped', new Error('Connection terminated unexpectedly')],
  ])('%s', (_name, error) => {
    expect(isOutage(error)).toBe(true);
  });

  test.each([
    ['a mistake in a query', Object.assign(new Error('syntax error'), { code: '42601' })],
    ['a script that failed', new Error('ERR Error running script')],
    ['a mistake of ours', new TypeError('undefined is not a function')],
    ['something thrown that is no error', 'ECONNREFUSED'],
  ])('not %s', (_name, error) => {
    expect(isOutage(error)).toBe(false);
  });

  test('it is told as UnavailableError with its cause; every other error passes as it is', async () => {
    const cause = new Error('Connection is closed.');
    await expect(reachingStore(() => Promise.reject(cause))).rejects.toEqual(expect.objectContaining({ code: 'unavailable', cause }));
    const other = new NotFoundError('No such pool.');
    await expect(reachingStore(() => Promise.reject(other))).rejects.toBe(other);
    const said = new UnavailableError('Away.');
    await expect(reachingStore(() => Promise.reject(said))).rejects.toBe(said);
  });
});
