import { makeStepReport } from '@capstan/testing';
import { describe, expect, it } from 'vitest';
import { numbered } from '../testing/test-world.ts';
import { sortReports } from './report-batch.ts';

const rank = (number: number) => ({ jobId: 'ftjob-1', attempt: 1, epoch: 1, rank: number });
const at = new Date('2026-01-01T00:00:00.000Z');
const evaluation = (step: number) => ({ type: 'evaluation', step, evalLoss: 0.5, tokenAccuracy: 0.9, at }) as const;

describe('sortReports', () => {
  it('makes one point of a step and its evaluation, whichever comes first', () => {
    const after = sortReports(rank(0), numbered(1, makeStepReport(5), evaluation(5)));
    const before = sortReports(rank(0), numbered(1, evaluation(5), makeStepReport(5)));
    for (const { metrics } of [after, before]) {
      expect(metrics).toHaveLength(1);
      expect(metrics[0]).toMatchObject({ step: 5, trainLoss: 0.4, evalLoss: 0.5, tokenAccuracy: 0.9 });
    }
  });

  it('takes the progress from the last step, and keeps what it does not say', () => {
    const { progress } = sortReports(
      rank(0),
      numbered(1, { type: 'phase', phase: 'training' }, makeStepReport(1), makeStepReport(2), evaluation(1)),
    );
    expect(progress).toMatchObject({ phase: 'training', step: 2, trainLoss: 1, evalLoss: 0.5 });
    expect(sortReports(rank(0), numbered(1, { type: 'phase', phase: 'saving' })).progress).toEqual({ phase: 'saving' });
  });

  it('stores nothing for a last word, and of other ranks only logs', () => {
    const log = { type: 'log', level: 'info', message: 'hello', at } as const;
    const empty = { metrics: [], checkpoints: [], baseEvaluation: null, events: [], progress: {} };
    expect(sortReports(rank(1), numbered(1, makeStepReport(1), log, evaluation(1)))).toEqual({ ...empty, logs: [log] });
    expect(sortReports(rank(0), numbered(1, { type: 'stopped', step: 4 }))).toEqual({ ...empty, logs: [] });
  });
});
