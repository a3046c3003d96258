import type { WorkerReport } from '@capstan/core';
import { describe, expect, it } from 'vitest';
import { requireStorable } from './require-storable.ts';

const at = new Date('2026-01-01');
const log = (changes: Partial<Extract<WorkerReport, { type: 'log' }>> = {}): WorkerReport => ({
  type: 'log',
  level: 'info',
  message: 'x',
  at,
  ...changes,
});

const checkpoint = (state: string, ...adapter: string[]): WorkerReport => ({
  type: 'checkpoint',
  step: 1,
  state: { path: 'state', sha256: state, bytes: 1 },
  adapter: adapter.map((sha256) => ({ path: 'adapter', sha256, bytes: 1 })),
  metrics: {},
});

describe('a report that the database can keep', () => {
  it('has counts within 32 bits and a time of this age', () => {
    expect(() => requireStorable(1, log())).not.toThrow();
    expect(() => requireStorable(1, checkpoint('a'.repeat(64), 'b'.repeat(64)))).not.toThrow();
    expect(() => requireStorable(2_147_483_647, { type: 'stopped', step: 0 })).not.toThrow();
  });

  it.each<[number, WorkerReport, RegExp]>([
    [2_147_483_648, log(), /sequence/],
    [-1, log(), /sequence/],
    [1, { type: 'stopped', step: 2_147_483_648 }, /step/],
    [1, { type: 'stopped', step: Number.NaN }, /step/],
    [1, log({ at: new Date(8.64e15) }), /time/],
    [1, log({ at: new Date(Number.NaN) }), /time/],
    [1, checkpoint('\0'), /64 hexadecimal digits/],
    [1, checkpoint('a'.repeat(64), '\0'), /64 hexadecimal digits/],
    [1, checkpoint('A'.repeat(64)), /64 hexadecimal digits/],
  ])('is refused by the name of what it exceeds (%#)', (sequence, report, says) => {
    expect(() => requireStorable(sequence, report)).toThrow(says);
  });
});
