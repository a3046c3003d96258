import { NotFoundError } from '@capstan/core';
import type { SchedulerContext } from '../scheduler-context.ts';
import { makeWorkerToken } from '../worker-token.ts';

/** Launches a serving worker under `name`; twice is once. It is one rank that knows no job, and gets its models with the requests. */
export async function launchServingWorker(name: string, context: SchedulerContext, { signal }: { signal: AbortSignal }): Promise<void> {
  const { db, launcher, ownPools, settings, schedulerAddress, schedulerTls } = context;
  const { poolId } = settings.serving;
  const pool = poolId === null ? (await ownPools.list())[0] : await db.pools.get(poolId);
  if (!pool) throw new NotFoundError(`There is no pool ${poolId ?? ''} to serve from.`);
  const identity = { jobId: name, attempt: 1, epoch: 1 };
  await launcher.launch(
    {
      ...identity,
      name,
      kind: 'serve',
      worldSize: 1,
      pool,
      memoryMiB: pool.memoryMiB,
      gpusPerWorker: pool.gpusPerWorker,
      token: makeWorkerToken({ kind: 'serve', ...identity }, settings.workerTokenSecret),
      schedulerAddress,
      schedulerTls,
    },
    { signal },
  );
}
