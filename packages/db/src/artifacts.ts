import { type Clock, isTerminal, JOB_STATUSES } from '@capstan/core';
import { Prisma } from './generated/client.ts';
import type { Sql } from './sql.ts';

export interface ArtifactRepository {
  /**
   * Those of `hashes` that nothing refers to: no model, no checkpoint, no file but one that was deleted or expired before `since` and that no
   * job still needs, no job that has begun with it as a file of its base, and no job that was alive since then and has written it.
   */
  listUnused(hashes: readonly string[], since: Date): Promise<string[]>;
  /** Lets go of what jobs that ended before `endedBefore` kept for going on, at most `limit` rows of each kind; answers how many states. */
  releaseOfEndedJobs(options: { endedBefore: Date; limit: number }): Promise<number>;
}

/** Statuses in which a job may still read its files and its base. */
const LIVING = JOB_STATUSES.filter((status) => !isTerminal(status));

export function createArtifactRepository(sql: Sql, clock: Clock): ArtifactRepository {
  return {
    async listUnused(hashes, since) {
      const unused = await withoutReference(sql, hashes, since);
      const needed = unused.length === 0 ? new Set() : await neededByJobs(sql, unused);
      return unused.filter((sha256) => !needed.has(sha256));
    },
    async releaseOfEndedJobs({ endedBefore, limit }) {
      await forgetWritten(sql, endedBefore, limit);
      return releaseStates(sql, { endedBefore, limit, now: clock.now() });
    },
  };
}

async function withoutReference(sql: Sql, hashes: readonly string[], since: Date): Promise<string[]> {
  const isKept = Prisma.sql`(f.deleted_at IS NULL OR f.deleted_at > ${since}::timestamptz)
    AND (f.expires_at IS NULL OR f.expires_at > ${since}::timestamptz)`;
  const named = Prisma.sql`jsonb_build_array(jsonb_build_object('sha256', blob.sha256))`;
  const statement = Prisma.sql`
    SELECT blob.sha256 FROM unnest(${[...hashes]}::text[]) AS blob (sha256)
    WHERE NOT EXISTS (SELECT 1 FROM files f WHERE f.sha256 = blob.sha256 AND ${isKept})
      AND NOT EXISTS (SELECT 1 FROM files f WHERE f.fingerprints = blob.sha256 AND ${isKept})
      AND NOT EXISTS (SELECT 1 FROM models m WHERE m.artifacts @> ${named})
      AND NOT EXISTS (SELECT 1 FROM checkpoints c WHERE c.state->>'sha256' = blob.sha256 AND c.state_released_at IS NULL)
      AND NOT EXISTS (SELECT 1 FROM checkpoints c WHERE c.adapter @> ${named})
      AND NOT EXISTS (
        SELECT 1 FROM job_artifacts w JOIN jobs j ON j.id = w.job_id
        WHERE w.sha256 = blob.sha256 AND (j.finished_at IS NULL OR j.finished_at > ${since}::timestamptz))`;
  return (await sql.rows<{ sha256: string }>(statement, 'list-unused')).map(({ sha256 }) => sha256);
}

/** Asked only of the few that are left, because it reads every job that lives. */
async function neededByJobs(sql: Sql, hashes: readonly string[]): Promise<Set<string>> {
  const statement = Prisma.sql`
    WITH gone AS MATERIALIZED (SELECT id, sha256 FROM files WHERE sha256 = ANY(${[...hashes]}::text[]))
    SELECT gone.sha256 FROM gone JOIN jobs j ON j.spec->>'trainingFile' = gone.id WHERE j.status = ANY(${LIVING}::job_status[])
    UNION SELECT gone.sha256 FROM gone JOIN jobs j ON j.spec->>'validationFile' = gone.id WHERE j.status = ANY(${LIVING}::job_status[])
    UNION SELECT base->>'sha256' FROM jobs j, jsonb_array_elements(j.spec->'baseModel') base
      WHERE j.status = ANY(${LIVING}::job_status[]) AND base->>'sha256' = ANY(${[...hashes]}::text[])`;
  return new Set((await sql.rows<{ sha256: string }>(statement, 'needed-by-jobs')).map(({ sha256 }) => sha256));
}

/** Nothing resumes from a checkpoint of a job that has ended; its weights stay. */
async function releaseStates(sql: Sql, { endedBefore, limit, now }: { endedBefore: Date; limit: number; now: Date }): Promise<number> {
  const statement = Prisma.sql`
    UPDATE checkpoints SET state_released_at = ${now}::timestamptz WHERE id IN (
      SELECT c.id FROM checkpoints c JOIN jobs j ON j.id = c.job_id
      WHERE c.state_released_at IS NULL AND j.finished_at < ${endedBefore}::timestamptz LIMIT ${limit}::int)
    RETURNING 1`;
  return (await sql.rows(statement, 'release-ended-states')).length;
}

/** Which artifacts a job has written matters only while it may still report them. */
async function forgetWritten(sql: Sql, endedBefore: Date, limit: number): Promise<void> {
  const statement = Prisma.sql`
    DELETE FROM job_artifacts WHERE (job_id, sha256) IN (
      SELECT w.job_id, w.sha256 FROM job_artifacts w JOIN jobs j ON j.id = w.job_id
      WHERE j.finished_at < ${endedBefore}::timestamptz LIMIT ${limit}::int)`;
  await sql.rows(statement, 'forget-written');
}
