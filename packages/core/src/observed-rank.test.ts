import { describe, expect, it } from 'vitest';
import { failureFromExit } from './observed-rank.ts';

const exit = { rank: 1, reason: null, message: null, exitCode: 1, logTail: [] as string[] };

describe('failureFromExit', () => {
  for (const [title, observed, reason, message] of [
    ['an exit status', exit, 'TrainerError', 'Rank 1 exited with status 1 without reporting why.'],
    ['a signal', { ...exit, exitCode: 137 }, 'WorkerKilled', 'Rank 1 was killed by signal 9.'],
    ['no status at all', { ...exit, exitCode: null }, 'WorkerKilled', 'Rank 1 vanished without an exit status.'],
    ["the launcher's own verdict", { ...exit, reason: 'OOMKilled', message: 'Over 512 MiB.', exitCode: 137 }, 'OOMKilled', 'Over 512 MiB.'],
  ] as const)
    it(`reads ${title}`, () => {
      expect(failureFromExit({ ...observed, logTail: [] })).toEqual({ reason, message, exitCode: observed.exitCode });
    });

  it('quotes the last line of output that says something', () => {
    expect(failureFromExit({ ...exit, logTail: ['loading', 'Error: no such tensor', ' '] }).message).toMatch(
      /Its last output: Error: no such tensor$/,
    );
  });
});
