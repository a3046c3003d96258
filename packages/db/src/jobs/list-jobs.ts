import { ACTIVE_STATUSES, type FineTuningJob, type JobSort, type JobStatus } from '@capstan/core';
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
  /** The name of the key that submitted it. */
  owner?: string | undefined;
  /** `created` where it is left out. */
  sort?: JobSort | undefined;
  /** The id of the last job of the page before. */
  after?: string | undefined;
  limit: number;
}

interface JobOrder {
  /** What an index has, the id last: equal ones keep one order over all pages. */
  columns: readonly string[];
  direction: 'ASC' | 'DESC';
  /** Leaves out the jobs that the order does not know. */
  condition?: string;
}

/** Word for word the expression of its index. */
const WAIT = `CASE WHEN j.started_at IS NOT NULL THEN j.started_at - j.created_at WHEN j.finished_at IS NOT NULL THEN j.finished_at - j.created_at
  ELSE interval '36500 days' - (j.created_at - timestamptz '2020-01-01 00:00:00+00') END`;
const CREATED = ['j.created_at', 'j.id'];
const ORDERS: Record<JobSort, JobOrder> = {
  created: { columns: CREATED, direction: 'DESC' },
  oldest: { columns: CREATED, direction: 'ASC' },
  priority: { columns: ['j.priority', 'j.queued_at', 'j.id'], direction: 'ASC' },
  wait: { columns: [WAIT, 'j.id'], direction: 'DESC' },
  duration: {
    columns: ['j.finished_at - j.started_at', 'j.id'],
    direction: 'DESC',
    condition: 'j.finished_at IS NOT NULL AND j.started_at IS NOT NULL',
  },
};

/** In the order that is asked for, from one index; an unknown `after` gives an empty page. */
export async function listJobs({ sql }: JobContext, filter: JobFilter): Promise<{ jobs: FineTuningJob[]; hasMore: boolean }> {
  const rows = await sql.rows<JobRow>(listStatement(filter));
  const { items, hasMore } = toPage(rows.map(toJob), filter.limit);
  return { jobs: items, hasMore };
}

/** The statement that reads one row more than the page has. */
export function listStatement(filter: JobFilter): Prisma.Sql {
  const { projectId, states, poolId, model, owner, search, metadata, after, limit } = filter;
  const order = ORDERS[filter.sort ?? 'created'];
  const conditions = [
    projectId !== undefined && Prisma.sql`j.project_id = ${projectId}`,
    states !== undefined && hasState(states),
    poolId !== undefined && Prisma.sql`j.pool_id = ${poolId}`,
    model !== undefined && Prisma.sql`j.spec->>'model' = ${model}`,
    owner !== undefined && Prisma.sql`j.owner = ${owner}`,
    search !== undefined && matches(search),
    metadata === null && Prisma.sql`j.metadata IS NULL`,
    metadata != null && Prisma.sql`j.metadata @> ${json(metadata)}::jsonb`,
    order.condition !== undefined && Prisma.raw(order.condition),
    after !== undefined && isBehind(order, after),
  ].filter((condition) => condition !== false);
  return Prisma.sql`
    SELECT ${JOB_COLUMNS} FROM jobs j WHERE ${Prisma.join([Prisma.sql`true`, ...conditions], ' AND ')}
    ORDER BY ${inOrder(order)} LIMIT ${limit + 1}`;
}

function isBehind({ columns, direction }: JobOrder, after: string): Prisma.Sql {
  const row = Prisma.raw(`(${columns.join(', ')})`);
  return Prisma.sql`${row} ${Prisma.raw(direction === 'ASC' ? '>' : '<')} (SELECT ${Prisma.raw(columns.join(', '))} FROM jobs j WHERE j.id = ${after})`;
}

/** Every column in the same direction, so that the index is read from one of its ends. */
function inOrder({ columns, direction }: JobOrder): Prisma.Sql {
  return Prisma.raw(columns.map((column) => `${column} ${direction}`).join(', '));
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
