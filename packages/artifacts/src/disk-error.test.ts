import { NotFoundError } from '@capstan/core';
import { expect, it } from 'vitest';
import { toDiskError } from './disk-error.ts';

const failure = (code: string) => Object.assign(new Error(`${code}: a disk's word, write`), { code });

it.each(['ENOSPC', 'EIO', 'ESTALE', 'EMFILE', 'EROFS'])('a disk that says %s is away for now, and the message says why', (code) => {
  expect(toDiskError(failure(code))).toMatchObject({ code: 'unavailable', message: expect.stringContaining(`(${code}): `) });
});

it.each([failure('ENOENT'), failure('ECONNRESET'), new NotFoundError('There is no artifact.'), 'no error'])(
  '%s stays what it is',
  (error) => {
    expect(toDiskError(error)).toBe(error);
  },
);
