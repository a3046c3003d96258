import { ACTIVE_STATUSES, monthOf, type ProjectQuota, type ProjectUse } from '@capstan/core';
import { Prisma } from './generated/client.ts';
import type { TransactionSql } from './sql.ts';

/** A project's limits under its lock: whoever reads its use next, reads it after this transaction. NO KEY UPDATE does not hold up uploads. */
export async function lockQuota(sql: TransactionSql, projectId: string): Promise<ProjectQuota | null> {
  const statement = Prisma.sql`
    SELECT max_concurrent_gpus AS "maxConcurrentGpus", max_queued_jobs AS "maxQueuedJobs", monthly_budget_usd AS "monthlyBudgetUsd"
    FROM projects WHERE id = ${projectId} FOR NO KEY UPDATE`;
  const [quota] = await sql.rows<ProjectQuota>(statement, 'lock-quota');
  return quota ?? null;
}

/** What each of these projects may hold and spend, and does; only those with such a limit are in it. Both change as jobs are launched. */
export type ProjectLimits = Map<string, { quota: ProjectQuota; use: ProjectUse }>;

/** The limits on what runs, under the projects' locks, which are taken in one order by everybody. */
export async function lockLimits(sql: TransactionSql, projectIds: readonly string[], now: Date): Promise<ProjectLimits> {
  const statement = Prisma.sql`
    SELECT id, max_concurrent_gpus AS "maxConcurrentGpus", NULL AS "maxQueuedJobs", monthly_budget_usd AS "monthlyBudgetUsd"
    FROM projects WHERE id = ANY(${[...new Set(projectIds)]}) AND num_nonnulls(max_concurrent_gpus, monthly_budget_usd) > 0
    ORDER BY id FOR NO KEY UPDATE`;
  const limits: ProjectLimits = new Map();
  for (const { id, ...quota } of await sql.rows<ProjectQuota & { id: string }>(statement, 'lock-limits'))
    limits.set(id, { quota, use: await readProjectUse(sql, id, { quota, now }) });
  return limits;
}

interface UseQuestion {
  quota: ProjectQuota;
  now: Date;
  /** Waiting jobs are counted up to so many, at the cost of no more. */
  countTo?: number | undefined;
}

/** What the project has in use at `now`; what a limit does not need is not summed up. */
export async function readProjectUse(sql: TransactionSql, projectId: string, { quota, now, countTo }: UseQuestion): Promise<ProjectUse> {
  const month = monthOf(now);
  const statement = Prisma.sql`
    WITH active AS (
      SELECT a.billed_units, a.price_per_gpu_hour, a.launched_at, a.state, r.job_id IS NOT NULL AS holds
      FROM jobs j JOIN attempts a ON a.job_id = j.id AND a.attempt = j.attempt LEFT JOIN reservations r ON r.job_id = j.id
      WHERE j.project_id = ${projectId} AND j.status = ANY(${[...ACTIVE_STATUSES]}::job_status[]))
    SELECT (SELECT coalesce(sum(billed_units) FILTER (WHERE holds), 0)::int FROM active) AS "heldGpus",
      CASE WHEN ${quota.maxQueuedJobs !== null} THEN
        (SELECT count(*)::int FROM (
          SELECT FROM jobs WHERE project_id = ${projectId} AND status = 'queued' LIMIT ${countTo ?? null}::int) AS waiting) ELSE 0 END AS "queuedJobs",
      CASE WHEN ${quota.monthlyBudgetUsd !== null} THEN
        (SELECT coalesce(sum(cost_usd), 0)::float8 FROM usage WHERE project_id = ${projectId} AND ended_at >= ${month}::timestamptz)
        + (SELECT coalesce(sum(billed_units * price_per_gpu_hour / 3600
            * greatest(0, extract(epoch FROM ${now}::timestamptz - greatest(launched_at, ${month}::timestamptz)))), 0)::float8
          FROM active WHERE state = 'launched')
        ELSE 0 END AS "spentUsd"`;
  const [use] = await sql.rows<ProjectUse>(statement, 'project-use');
  return use ?? { heldGpus: 0, queuedJobs: 0, spentUsd: 0 };
}
