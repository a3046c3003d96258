import { InvalidRequestError, StaleEpochError, UnavailableError } from '@capstan/core';
import { expect, it } from 'vitest';
import { refusalOfGap } from './report-gaps.ts';

const gap = new InvalidRequestError('Reports 2 to 4 are missing.', { reason: 'report_gap' });

it('a gap in the middle of a session makes the rank come back, one at its beginning is final', () => {
  expect(refusalOfGap(gap, false)).toBeInstanceOf(UnavailableError);
  expect(refusalOfGap(gap, false)).toMatchObject({ message: gap.message, reason: 'report_gap' });
  expect(refusalOfGap(gap, true)).toBe(gap);
});

it('any other refusal stays what it is', () => {
  for (const error of [new InvalidRequestError('odd'), new StaleEpochError('over'), new Error('bug')])
    expect([refusalOfGap(error, false), refusalOfGap(error, true)]).toEqual([error, error]);
});
