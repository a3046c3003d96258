import type { ArtifactRef } from '@capstan/core';
import type { Checkpoint as CheckpointRow, Prisma } from './generated/client.ts';
import { toPage } from './page.ts';
import type { PrismaDatabase } from './prisma.ts';

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

export interface CheckpointRepository {
  /** Newest first; `after` is the id of the last checkpoint of the page before. */
  list(jobId: string, page: { after?: string | undefined; limit: number }): Promise<{ checkpoints: Checkpoint[]; hasMore: boolean }>;
  /** Newest first: where the first is damaged, the next serves. */
  listForResume(jobId: string): Promise<Checkpoint[]>;
  /** Forgets all but the newest `keep`; returns what it forgot, whose artifacts may go if nothing else names them. */
  prune(jobId: string, keep: number): Promise<Checkpoint[]>;
}

const RESUME_CHOICES = 10;

export function createCheckpointRepository(prisma: PrismaDatabase): CheckpointRepository {
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
    listForResume: async (jobId) => (await newest({ jobId }, { take: RESUME_CHOICES })).map(toCheckpoint),
    async prune(jobId, keep) {
      const forgotten = await newest({ jobId }, { skip: keep });
      await prisma.checkpoint.deleteMany({ where: { id: { in: forgotten.map(({ id }) => id) } } });
      return forgotten.map(toCheckpoint);
    },
  };
}

function toCheckpoint(row: CheckpointRow): Checkpoint {
  return {
    ...row,
    state: row.state as unknown as ArtifactRef,
    adapter: row.adapter as unknown as ArtifactRef[],
    metrics: row.metrics as Record<string, number>,
  };
}
