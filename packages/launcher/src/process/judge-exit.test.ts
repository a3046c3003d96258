import { describe, expect, test } from 'vitest';
import { judgeExit } from './judge-exit.ts';
import type { ExitRecord } from './run-directory.ts';

const exit = (more: Partial<ExitRecord>): ExitRecord => ({
  exitCode: null,
  signal: null,
  verdict: null,
  message: null,
  finishedAt: new Date(0),
  ...more,
});

describe('how a rank ended', () => {
  test.each<[string, Partial<ExitRecord>, string[], ReturnType<typeof judgeExit>]>([
    ['exit 0 is success', { exitCode: 0 }, [], { phase: 'succeeded', reason: null, message: null, exitCode: 0 }],
    [
      'also where a stop was asked for',
      { exitCode: 0, verdict: 'stopped' },
      [],
      { phase: 'succeeded', reason: null, message: null, exitCode: 0 },
    ],
    [
      'another status is a failure without a verdict',
      { exitCode: 3 },
      ['boom'],
      { phase: 'failed', reason: null, message: null, exitCode: 3 },
    ],
  ])('%s', (_title, record, logTail, expected) => {
    expect(judgeExit(exit(record), logTail)).toEqual(expected);
  });

  test.each<[string, Partial<ExitRecord>, string[], string, number | null]>([
    ['a signal from outside', { signal: 'SIGSEGV' }, [], 'WorkerKilled', 139],
    ['the memory limit', { signal: 'SIGKILL', verdict: 'memoryLimit', message: 'Too much.' }, [], 'OOMKilled', 137],
    ['a full JavaScript heap', { signal: 'SIGABRT' }, ['FATAL ERROR: … JavaScript heap out of memory'], 'OOMKilled', 134],
    ['a stop that was obeyed with a status', { exitCode: 1, verdict: 'stopped' }, [], 'WorkerKilled', 1],
    ['a stop by force', { signal: 'SIGKILL', verdict: 'stopped' }, [], 'WorkerKilled', 137],
    ['a supervisor that died', { verdict: 'supervisorLost' }, [], 'WorkerKilled', null],
    ['a program that is not there', { verdict: 'notStarted', message: 'spawn x ENOENT' }, [], 'LaunchFailed', null],
  ])('%s has a verdict and words', (_title, record, logTail, reason, exitCode) => {
    const judged = judgeExit(exit(record), logTail);
    expect(judged).toMatchObject({ phase: 'failed', reason, exitCode });
    expect(judged.message).toMatch(/\.$|ENOENT$/);
  });
});
