import type { RankIdentity, WorkerReport } from '@capstan/core';
import { connectWorker, type WorkerConnection } from '@capstan/proto';
import { systemClock } from '@capstan/runtime';
import { makeStepReport } from '@capstan/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeWorld, QUICK_SETTINGS, type World } from '../testing/make-world.ts';
import { makeWorkerToken } from '../worker-token.ts';

const result = { base: null, adapter: null, samples: [], generationTokensPerSecond: null, backend: 'fake', peakMemoryBytes: null };
const succeeded: WorkerReport = { type: 'succeeded', model: [], trainedTokens: 1, result };
const stopped: WorkerReport = { type: 'stopped', step: 3 };
const failed: WorkerReport = { type: 'failed', reason: 'TrainingDiverged', message: 'The loss is no longer finite.' };

describe('the last word of a rank', { timeout: 60_000 }, () => {
  let world: World;
  let port: number;
  const connections: WorkerConnection[] = [];
  beforeAll(async () => {
    world = await makeWorld({ maxWorkers: 20 });
    // Nothing is launched: the test itself is the rank.
    ({ port } = await world.startScheduler({ launcher: { ...world.launcher, launch: async () => undefined } }));
  });
  afterEach(async () => {
    for (const connection of connections.splice(0)) await connection.close();
  });
  afterAll(() => world.close());

  function connect(identity: RankIdentity): WorkerConnection {
    const connection = connectWorker({
      ...{ address: `127.0.0.1:${port}`, token: makeWorkerToken({ kind: 'train', ...identity }, QUICK_SETTINGS.workerTokenSecret) },
      ...{ identity, clock: systemClock, random: () => 0.5, signal: new AbortController().signal },
    });
    connections.push(connection);
    return connection;
  }

  async function becomeRank(): Promise<{ rank: WorkerConnection; identity: RankIdentity }> {
    const jobId = await world.submit({ script: 'endless' });
    const { epoch } = await world.until(jobId, 'starting');
    const identity = { jobId, attempt: 1, epoch, rank: 0 };
    const rank = connect(identity);
    await rank.assignment();
    return { rank, identity };
  }

  const reportSteps = (rank: WorkerConnection, first: number, last: number) => {
    for (let step = first; step <= last; step += 1) rank.report(makeStepReport(step));
  };
  const stepsOf = async (jobId: string) => (await world.db.metrics.list(jobId, { limit: 5_000 })).map(({ step }) => step);
  /** As a database does that is restored from a backup: it has forgotten what it acknowledged. */
  const forgetReportsAfter = ({ jobId }: RankIdentity, sequence: number) =>
    world.database.execute(`UPDATE report_positions SET sequence = ${sequence} WHERE job_id = '${jobId}'`);

  it('ends the attempt after all that came before it, in one batch or many', async () => {
    const { rank, identity } = await becomeRank();
    reportSteps(rank, 1, 1_200);
    rank.report(succeeded);
    await rank.flushed();
    expect(await world.db.jobs.get(identity.jobId)).toMatchObject({ status: 'succeeded' });
    expect(await stepsOf(identity.jobId)).toHaveLength(1_200);
  });

  it.each([succeeded, stopped, failed])('never ends an attempt of which reports are missing: $type', async (lastWord) => {
    const { rank, identity } = await becomeRank();
    reportSteps(rank, 1, 3);
    await rank.flushed();
    await forgetReportsAfter(identity, 1);
    rank.report(lastWord);
    await expect(rank.flushed()).rejects.toMatchObject({ code: 'invalid_request', reason: 'report_gap' });
    expect(await world.db.jobs.get(identity.jobId)).toMatchObject({ epoch: identity.epoch, failures: 0, finishedAt: null });
    await expect(world.db.ledger.listForJob(identity.jobId)).resolves.toMatchObject([{ endedAt: null }]);
  });

  it('ends nothing under the number of another report', async () => {
    const { rank, identity } = await becomeRank();
    reportSteps(rank, 1, 3);
    await rank.flushed();
    const impostor = connect(identity);
    impostor.report(succeeded);
    await expect(impostor.flushed()).rejects.toThrow('Report 1 is known already, and was another.');
    expect(await world.db.jobs.get(identity.jobId)).toMatchObject({ fineTunedModel: null, finishedAt: null });
  });
});
