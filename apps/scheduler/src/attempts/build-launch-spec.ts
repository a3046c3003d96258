import type { FineTuningJob, Pool } from '@capstan/core';
import type { LaunchSpec } from '@capstan/launcher';
import { makeWorkerToken } from '../worker-token.ts';

/** The deterministic name of what one attempt launches: launching twice makes one. */
export function launchName({ id, attempt }: Pick<FineTuningJob, 'id' | 'attempt'>): string {
  return `${id}-a${attempt}`;
}

/** What to launch for the current attempt of `job`; the same every time, down to the token. */
export function buildLaunchSpec(
  job: Pick<FineTuningJob, 'id' | 'attempt' | 'epoch' | 'spec'>,
  pool: Pool,
  { workerTokenSecret, ...scheduler }: { workerTokenSecret: string } & Pick<LaunchSpec, 'schedulerAddress' | 'schedulerTls'>,
): LaunchSpec {
  const { workers, gpusPerWorker, memoryMiB } = job.spec.resources;
  const { attempt, epoch } = job;
  return {
    name: launchName(job),
    kind: 'train',
    jobId: job.id,
    attempt,
    epoch,
    worldSize: workers,
    pool,
    memoryMiB: memoryMiB ?? pool.memoryMiB,
    gpusPerWorker,
    token: makeWorkerToken({ kind: 'train', jobId: job.id, attempt, epoch }, workerTokenSecret),
    ...scheduler,
  };
}
