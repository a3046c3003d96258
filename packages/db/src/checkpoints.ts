import type { ArtifactRef, Clock } from '@capstan/core';
import { type Checkpoint as CheckpointRow, Prisma } from './generated/client.ts';
import { toPage } from './page.ts';
import type { PrismaDatabase } from './prisma.ts';
import type { Sql } from './sql.ts';

export interface Checkpoint {
  id: string;
  jobId: string;
  step: number;
  attempt: number;
  /** All that is needed to resume. */
  state: ArtifactRef;
  /** The weights at this step, as a model can use them. */
  adapter: ArtifactRef[];
  metrics: Record<string, number>;
  createdAt: Date;
}

export interface ReleasableState {
  id: string;
  sha256: string;
  /** Another checkpoint that is kept, of this job or another, has the very same state, or another job has just written it. */
  isShared: boolean;
}

export interface CheckpointRepository {
  /** Newest first; `after` is the id of the last checkpoint of the page before. */
  list(jobId: string, page: { after?: string | undefined; limit: number }): Promise<{ checkpoints: Checkpoint[]; hasMore: boolean }>;
  /** Those that still have their state, newest first: where the first is damaged, the next serves. */
  listForResume(jobId: string): Promise<Checkpoint[]>;
  /** Those older than the newest `keep` that still have their state. */
  listReleasable(jobId: string, keep: number): Promise<ReleasableState[]>;
  /** Nothing resumes from these any more; their rows and weights stay. */
  markReleased(ids: readonly string[]): Promise<void>;
}

interface CheckpointContext {
  prisma: PrismaDatabase;
  sql: Sql;
  clock: Clock;
}

const RESUME_CHOICES = 10;

export function createCheckpointRepository({ prisma, sql, clock }: CheckpointContext): CheckpointRepository {
  const newest = (where: Prisma.CheckpointWhereInput, page: { skip?: number; take?: number }) =>
    prisma.checkpoint.findMany({ where, orderBy: { step: 'desc' }, ...page });

  return {
    async list(jobId, { after, limit }) {
      const last = after === undefined ? null : await prisma.checkpoint.findFirst({ where: { id: after, jobId } });
      if (after !== undefined && last === null) return { checkpoints: [], hasMore: false };
      const rows = await newest({ jobId, ...(last === null ? {} : { step: { lt: last.step } }) }, { take: limit + 1 });
      const { items, hasMore } = toPage(rows.map(toCheckpoint), limit);
      return { checkpoints: items, hasMore };
    },
    listForResume: async (jobId) => (await newest({ jobId, stateReleasedAt: null }, { take: RESUME_CHOICES })).map(toCheckpoint),
    listReleasable: (jobId, keep) => listReleasable(sql, jobId, keep),
    async markReleased(ids) {
      await prisma.checkpoint.updateMany({ where: { id: { in: [...ids] } }, data: { stateReleasedAt: clock.now() } });
    },
  };
}

function listReleasable(sql: Sql, jobId: string, keep: number): Promise<ReleasableState[]> {
  return sql.rows<ReleasableState>(
    Prisma.sql`
      WITH old AS (
        SELECT id, state->>'sha256' AS sha256 FROM checkpoints WHERE job_id = ${jobId} AND state_released_at IS NULL
        ORDER BY step DESC OFFSET ${keep}::int)
      SELECT id, sha256, EXISTS (
        SELECT 1 FROM checkpoints c WHERE c.state->>'sha256' = old.sha256 AND c.state_released_at IS NULL AND c.id NOT IN (SELECT id FROM old)
      ) OR EXISTS (
        SELECT 1 FROM job_artifacts w JOIN jobs j ON j.id = w.job_id
        WHERE w.sha256 = old.sha256 AND w.job_id <> ${jobId} AND j.finished_at IS NULL
      ) AS "isShared" FROM old`,
    'list-releasable',
  );
}

function toCheckpoint({ stateReleasedAt: _stateReleasedAt, ...row }: CheckpointRow): Checkpoint {
  return {
    ...row,
    state: row.state as unknown as ArtifactRef,
    adapter: row.adapter as unknown as ArtifactRef[],
    metrics: row.metrics as Record<string, number>,
  };
}
