// The least that a job API can do: Express parses the JSON, zod checks it, Postgres keeps one row, BullMQ one entry. bench-api.ts bundles and runs it.
import { randomUUID } from 'node:crypto';
import { createQueue } from '@capstan/queue';
import { Queue } from 'bullmq';
import express from 'express';
import pg from 'pg';
import { z } from 'zod';

const { DATABASE_URL = '', REDIS_URL = '', PORT } = process.env;
const add = REDIS_URL === '' ? adderOnPostgres() : adderOnRedis(new URL(REDIS_URL));
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 10 });
await pool.query(
  'CREATE TABLE IF NOT EXISTS floor_jobs (id text PRIMARY KEY, spec jsonb NOT NULL, created_at timestamptz NOT NULL DEFAULT now())',
);

const schema = z.object({
  model: z.string(),
  training_file: z.string(),
  suffix: z.string().max(64).optional(),
  seed: z.number().int().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  method: z
    .object({ type: z.literal('supervised'), supervised: z.object({ hyperparameters: z.object({ n_epochs: z.number() }) }) })
    .optional(),
});

const app = express();
app.use(express.json());
app.post('/v1/fine_tuning/jobs', async (request, response) => {
  const spec = schema.parse(request.body);
  const id = `ftjob-${randomUUID()}`;
  const values = [id, JSON.stringify(spec)];
  await pool.query({ name: 'insert', text: 'INSERT INTO floor_jobs (id, spec) VALUES ($1, $2)', values });
  await add(id);
  response.status(201).json({ id, object: 'fine_tuning.job', status: 'queued', ...spec });
});
const server = app.listen(Number(PORT), '127.0.0.1');
process.on('SIGTERM', () => {
  server.closeAllConnections();
  server.close(() => process.exit(0));
});

function adderOnRedis({ hostname: host, port, password }: URL): (id: string) => Promise<unknown> {
  const queue = new Queue('floor', { connection: { host, port: Number(port), password }, defaultJobOptions: { removeOnComplete: true } });
  return (id) => queue.add('job', { jobId: id }, { jobId: id });
}

/** BullMQ's own Postgres backend, as the API uses it where there is no Redis. */
function adderOnPostgres(): (id: string) => Promise<unknown> {
  const queue = createQueue({ postgresUrl: DATABASE_URL }, { prefix: 'floor' });
  return (id) => queue.enqueue({ poolId: 'floor', jobId: id, attempt: 1, priority: 50, now: new Date() });
}
