import { ACTIVE_STATUSES, type FineTuningJob, type JobStatus } from '@capstan/core';
import { Prisma } from '../generated/client.ts';
import { toPage } from '../page.ts';
import { json } from '../sql.ts';
import { JOB_COLUMNS, type JobRow, toJob } from './job-row.ts';
import type { JobContext } from './jobs.ts';

export interface JobFilter {
  projectId?: string | undefined;
  states?: readonly JobStatus[] | undefined;
  poolId?: string | undefined;
  /** The base model. */
  model?: string | undefined;
  /** The beginning of an id, or a part of a suffix or of the trained model's name. */
  search?: string | undefined;
  /** Every pair must be there; null asks for jobs without metadata. */
  metadata?: Record<string, string> | null | undefined;
  /** The id of the last job of the page before. */
  after?: string | undefined;
  limit: number;
}

/** Newest first by (created_at, id), so that equal instants keep one order over all pages. An unknown `after` gives an empty page. */
export async function listJobs({ sql }: JobContext, filter: JobFilter): Promise<{ jobs: FineTuningJob[]; hasMore: boolean }> {
  const { projectId, states, poolId, model, search, metadata, after, limit } = filter;
  const conditions = [
    projectId !== undefined && Prisma.sql`j.project_id = ${projectId}`,
    states !== undefined && hasState(states),
    poolId !== undefined && Prisma.sql`j.pool_id = ${poolId}`,
    model !== undefined && Prisma.sql`j.spec->>'model' = ${model}`,
    search !== undefined && matches(search),
    metadata === null && Prisma.sql`j.metadata IS NULL`,
    metadata != null && Prisma.sql`j.metadata @> ${json(metadata)}::jsonb`,
    after !== undefined && Prisma.sql`(j.created_at, j.id) < (SELECT created_at, id FROM jobs WHERE id = ${after})`,
  ].filter((condition) => condition !== false);
  const rows = await sql.rows<JobRow>(Prisma.sql`
    SELECT ${JOB_COLUMNS} FROM jobs j WHERE ${Prisma.join([Prisma.sql`true`, ...conditions], ' AND ')}
    ORDER BY j.created_at DESC, j.id DESC LIMIT ${limit + 1}`);
  const { items, hasMore } = toPage(rows.map(toJob), limit);
  return { jobs: items, hasMore };
}

/** One state as an equality, so that the index on (project, state, creation) also gives the order. */
function hasState(states: readonly JobStatus[]): Prisma.Sql {
  const [only] = states;
  return states.length === 1 ? Prisma.sql`j.status = ${only}::job_status` : Prisma.sql`j.status = ANY(${[...states]}::job_status[])`;
}

/** `%` and `_` are themselves in what people search for. */
function matches(search: string): Prisma.Sql {
  if (/^ftjob-[0-9a-z]{24}$/.test(search)) return Prisma.sql`j.id = ${search}`;
  const text = search.replaceAll(/[\\%_]/g, '\\$&');
  const part = `%${text}%`;
  return Prisma.sql`(j.id LIKE ${`${text}%`} OR j.fine_tuned_model ILIKE ${part} OR j.spec->>'suffix' ILIKE ${part})`;
}

/** Jobs whose ranks may exist, by id; go on with the last id as `after`. */
export async function listReconcilable({ sql }: JobContext, { limit, after }: { limit: number; after?: string }): Promise<FineTuningJob[]> {
  const statement = Prisma.sql`
    SELECT ${JOB_COLUMNS} FROM jobs j WHERE j.status = ANY(${[...ACTIVE_STATUSES]}::job_status[]) AND j.id > ${after ?? ''}
    ORDER BY j.id LIMIT ${limit}`;
  return (await sql.rows<JobRow>(statement, 'list-reconcilable')).map(toJob);
}

/** How many jobs stand in each status; every status is named. */
export async function countByStatus({ sql }: JobContext): Promise<{ poolId: string; status: JobStatus; jobs: number }[]> {
  return sql.rows(Prisma.sql`SELECT pool_id AS "poolId", status, count(*)::int AS jobs FROM jobs GROUP BY 1, 2`, 'count-by-status');
}
