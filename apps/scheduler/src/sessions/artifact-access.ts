import { DISK_FAILED } from '@capstan/artifacts';
import { AppError, type ArtifactRef, NotFoundError, PermissionDeniedError } from '@capstan/core';
import type { ArtifactHandlers } from '@capstan/proto';
import type { SchedulerContext } from '../scheduler-context.ts';
import { findBase } from './find-base.ts';

type Access = Parameters<ArtifactHandlers['read']>[1];

/**
 * The artifact store as workers see it: a rank reads its job's model, files and checkpoints, a serving worker the models it was asked to
 * use, and nobody anything else. What may not be read does not exist, so that hashes cannot be probed. Only ranks write.
 */
export function makeArtifactHandlers(
  { db, artifacts, logger }: Pick<SchedulerContext, 'db' | 'artifacts' | 'logger'>,
  serving: { mayRead(serverId: string, sha256: string): boolean },
): ArtifactHandlers {
  async function mayRead(principal: Access['principal'], sha256: string): Promise<boolean> {
    if (principal.kind === 'server') return serving.mayRead(principal.serverId, sha256);
    const refs = await artifactsOfJob(principal.identity.jobId, db);
    return refs.some((ref) => ref.sha256 === sha256);
  }

  /** Workers wait and try again: somebody must hear why. */
  function tell(error: unknown): never {
    if (error instanceof AppError && error.reason === DISK_FAILED) logger.error({ err: error }, 'artifacts cannot be read or written');
    throw error;
  }

  return {
    async *read(sha256, { principal, offset, signal }) {
      if (!(await mayRead(principal, sha256))) throw new NotFoundError(`There is no artifact ${sha256}.`);
      try {
        yield* artifacts.read(sha256, { offset, signal });
      } catch (error) {
        tell(error);
      }
    },
    async write(content, { principal, signal }) {
      if (principal.kind !== 'rank') throw new PermissionDeniedError('Only the ranks of a job write artifacts.');
      const stored = await artifacts.put(content, { signal }).catch(tell);
      // Before the answer: a report that names it may follow at once.
      await db.jobArtifacts.record(principal.identity.jobId, stored.sha256);
      return stored;
    },
  };
}

async function artifactsOfJob(jobId: string, db: SchedulerContext['db']): Promise<Pick<ArtifactRef, 'sha256'>[]> {
  const job = await db.jobs.get(jobId);
  if (job === null) return [];
  const { trainingFile, validationFile } = job.spec;
  const [base, training, validation, checkpoints] = await Promise.all([
    findBase(job, db),
    db.files.getForJob(job.projectId, trainingFile),
    validationFile === null ? null : db.files.getForJob(job.projectId, validationFile),
    db.checkpoints.listForResume(jobId),
  ]);
  return [
    ...(base ?? []),
    ...[training, validation].filter((file) => file !== null),
    ...checkpoints.flatMap(({ state, adapter }) => [state, ...adapter]),
  ];
}
