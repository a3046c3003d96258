import { randomBytes } from 'node:crypto';
import { type Database, makeId } from '@capstan/db';
import { makeEstimate, makeJobSpec, makePool } from '@capstan/testing';
import pg from 'pg';

interface Seed {
  db: Database;
  url: string;
  jobs: number;
  /** The first so many jobs have a curve. */
  drawnJobs: number;
  points: number;
}

/** A project with a month of jobs: one in five waits, one in ten has failed, the rest succeeded; an attempt of each, and a decision for every five. */
export async function seedDashboard({ db, url, jobs, drawnJobs, points }: Seed): Promise<{ apiKey: string; jobId: string }> {
  const { id: projectId } = await db.projects.ensure('default');
  const { key: apiKey } = await db.apiKeys.create({ projectId, name: 'bench', role: 'admin' });
  const { id: poolId } = await db.pools.ensure(makePool({ id: 'local', maxWorkers: 10 }));
  const spec = makeJobSpec({});
  const id = makeId('ftjob', randomBytes);
  await db.jobs.create({ id, projectId, poolId, spec, priority: 50, maxAttempts: 3, metadata: null, estimate: makeEstimate() });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  // Everything that is not named is as in the first job.
  await client.query(
    `INSERT INTO jobs SELECT (jsonb_populate_record(t, jsonb_build_object(
       'id', 'ftjob-' || lpad(n::text, 24, '0'),
       'created_at', now() - n * interval '30 days' / $1, 'queued_at', now() - n * interval '30 days' / $1,
       'status', CASE WHEN n % 10 = 0 THEN 'failed' WHEN n % 5 = 1 THEN 'queued' ELSE 'succeeded' END,
       'reason', CASE WHEN n % 10 = 0 THEN 'OOMKilled' END,
       'started_at', CASE WHEN n % 5 <> 1 THEN now() - n * interval '30 days' / $1 + interval '1 minute' END,
       'finished_at', CASE WHEN n % 5 <> 1 THEN now() - n * interval '30 days' / $1 + interval '10 minutes' END))).*
     FROM jobs t, generate_series(1, $1::int - 1) n WHERE t.id = $2`,
    [jobs, id],
  );
  await client.query(
    `INSERT INTO attempts (job_id, attempt, epoch, state, pool_id, workers, billed_units, price_per_gpu_hour, intended_at, launched_at, ended_at)
     SELECT id, 1, 1, 'ended', pool_id, 1, 1, 0, started_at, started_at, finished_at FROM jobs WHERE started_at IS NOT NULL`,
  );
  await client.query(
    `INSERT INTO pool_events (pool_id, actor, action, reason, message, before, after, at)
     SELECT $2, 'autoscaler', 'pool.scale', 'Idle', 'No job waits.', '{"maxWorkers":2}', '{"maxWorkers":1}', now() - n * interval '1 minute'
     FROM generate_series(1, $1::int / 5) n`,
    [jobs, poolId],
  );
  await client.query(
    `INSERT INTO job_events (job_id, message, created_at) SELECT id, 'The job was created.', created_at FROM jobs WHERE id <> $1`,
    [id],
  );
  await client.query(
    `INSERT INTO step_metrics (job_id, step, attempt, epoch, train_loss, learning_rate, grad_norm, tokens, tokens_per_second, memory_bytes, elapsed_ms, at)
     SELECT 'ftjob-' || lpad(n::text, 24, '0'), step, 1, 0.1, 4.0 / sqrt(step), 0.001, 1, 100, 500, 1e9, step, now()
     FROM generate_series(2, $1::int + 1) n, generate_series(1, $2::int) step`,
    [drawnJobs, points],
  );
  await client.query('VACUUM ANALYZE');
  await client.end();
  return { apiKey, jobId: `ftjob-${'2'.padStart(24, '0')}` };
}
