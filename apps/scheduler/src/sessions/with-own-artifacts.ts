import { type FineTuningJob, NotFoundError, type WorkerReport } from '@capstan/core';
import type { WorkerSession } from '@capstan/proto';
import type { SchedulerContext } from '../scheduler-context.ts';
import { findBase } from './find-base.ts';

type Batch = WorkerSession['batches'] extends AsyncIterable<infer Item> ? Item : never;

/**
 * The session, refusing reports that name an artifact which their job has not written: what a report names is later read, served and even
 * deleted in the job's name, so a hash that a rank merely knows must not become its own. A model may also hold files of its base.
 */
export function withOwnArtifacts(session: WorkerSession, job: FineTuningJob, { db }: Pick<SchedulerContext, 'db'>): WorkerSession {
  const { id: jobId } = job;

  async function requireOwn(report: WorkerReport): Promise<void> {
    const { written, shared } = namedBy(report);
    if (written.length + shared.length === 0) return;
    const foreign = await db.jobArtifacts.notOf(jobId, [...written, ...shared]);
    if (foreign.length === 0) return;
    const allowed = new Set(hashesOf((await findBase(job, db)) ?? []));
    const absent = foreign.find((sha256) => written.includes(sha256) || !allowed.has(sha256));
    if (absent !== undefined) throw new NotFoundError(`${jobId} has written no artifact ${absent}.`);
  }

  async function* checked(): AsyncGenerator<Batch> {
    for await (const batch of session.batches) {
      // Steps come by the hundred thousand and name nothing: they must not cost a turn of the event loop each.
      for (const { report } of batch.reports) if (report.type === 'checkpoint' || report.type === 'succeeded') await requireOwn(report);
      yield batch;
    }
  }

  return { ...session, batches: checked() };
}

function namedBy(report: WorkerReport): { written: string[]; shared: string[] } {
  if (report.type === 'checkpoint') return { written: [report.state.sha256], shared: hashesOf(report.adapter) };
  return { written: [], shared: report.type === 'succeeded' ? hashesOf(report.model) : [] };
}

function hashesOf(artifacts: readonly { sha256: string }[]): string[] {
  return artifacts.map(({ sha256 }) => sha256);
}
