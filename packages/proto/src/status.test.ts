import { AppError, ERROR_CODES, StaleEpochError } from '@capstan/core';
import { Metadata, status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';
import { fromStatus, restoreError, toStatus } from './status.ts';

it.each(ERROR_CODES)('an error of code %s arrives as it was thrown', (code) => {
  const error = restoreError(code, 'Because.', { param: 'männlich', reason: 'r', retryAfterMs: 5 });
  const arrived = fromStatus(toStatus(error));
  expect(arrived.constructor).toBe(error.constructor);
  expect(arrived).toMatchObject({ code, message: 'Because.', param: 'männlich', reason: 'r', retryAfterMs: 5 });
});

it('a class of core stays that class', () => {
  expect(fromStatus(toStatus(new StaleEpochError('over')))).toBeInstanceOf(StaleEpochError);
});

it('a foreign error shows nothing of itself', () => {
  expect(toStatus(new Error('password'))).toMatchObject({ code: status.INTERNAL, details: 'Internal error.' });
});

it.each([
  [status.UNAVAILABLE, 'unavailable'],
  [status.INTERNAL, 'unavailable'],
  [status.CANCELLED, 'unavailable'],
  [status.RESOURCE_EXHAUSTED, 'payload_too_large'],
  [status.UNIMPLEMENTED, 'unsupported'],
  [status.UNAUTHENTICATED, 'unauthenticated'],
] as const)('status %i without our code, made by the transport, is read as %s', (code, expected) => {
  const arrived = fromStatus(Object.assign(new Error('x'), { code, details: 'x', metadata: new Metadata() }));
  expect(arrived).toBeInstanceOf(AppError);
  expect(arrived.code).toBe(expected);
});
