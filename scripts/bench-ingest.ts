// `npm run bench:ingest`: how many step records a second get from ranks over gRPC through the scheduler's session handler into Postgres,
// acknowledged after their commit. Floors, in the same run: grpc-js alone carrying the same batches to a server that drops them, and
// Postgres alone taking the same rows by unnest. The ranks run in a process of their own, as in life.
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDirectoryStore } from '@capstan/artifacts';
import type { RankIdentity } from '@capstan/core';
import { makeId, openDatabase } from '@capstan/db';
import { createQueue } from '@capstan/queue';
import { createLogger, systemClock } from '@capstan/runtime';
import { makeEstimate, makeJobSpec, makePool } from '@capstan/testing';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import pg from 'pg';
import { configSchema } from '../apps/scheduler/src/config.ts';
import { startScheduler } from '../apps/scheduler/src/scheduler.ts';
import { toSettings } from '../apps/scheduler/src/settings.ts';
import { RANKLESS_LAUNCHER } from '../apps/scheduler/src/testing/rankless-launcher.ts';
import { makeWorkerToken } from '../apps/scheduler/src/worker-token.ts';
import { type WorkerServiceServer, WorkerServiceService } from '../packages/proto/src/gen/lora/v1/worker.ts';
import type { RankTask } from './bench-ingest-ranks.ts';
import { percentile, rounded, startBenchServices } from './bench-services.ts';

/** Ranks that report at once, and records of each. */
const RANKS = 4;
const RECORDS = 40_000;
/** Rows of one plain INSERT: about what the session handler gathers. */
const UNNEST_ROWS = 2_000;
/** Rounds that count; one before them warms everything up. */
const ROUNDS = 3;
const WORKER_TOKEN_SECRET = randomBytes(32).toString('hex');

interface Round {
  grpc: number;
  unnest: number;
  ingest: number;
}

const services = await startBenchServices();
const directory = await mkdtemp(join(tmpdir(), 'capstan-bench-'));
try {
  const rounds: Round[] = [];
  // The three take turns and are compared within their round, so that a busy moment of the machine meets them alike.
  for (let number = 0; number <= ROUNDS; number += 1) {
    const round = { grpc: await measureGrpc(), unnest: await measureUnnest(), ingest: await measureIngest() };
    console.log(
      Object.entries(round)
        .map(([name, rate]) => `${name} ${Math.round(rate)} records/s`)
        .join(', '),
    );
    if (number > 0) rounds.push(round);
  }
  const median = (of: (round: Round) => number) => percentile(rounds.map(of), 0.5);
  const floorOf = ({ grpc, unnest }: Round) => Math.min(grpc, unnest);
  console.log(
    JSON.stringify({
      ...{ script: 'bench:ingest', recordsPerSecond: Math.round(median(({ ingest }) => ingest)) },
      ...{ grpcPerSecond: Math.round(median(({ grpc }) => grpc)), unnestPerSecond: Math.round(median(({ unnest }) => unnest)) },
      ...{ floor: Math.round(median(floorOf)), ratio: rounded(median((round) => round.ingest / floorOf(round))) },
    }),
  );
} finally {
  await services.stop();
  await rm(directory, { recursive: true, force: true });
}

/** A server on bare grpc-js that reads, acknowledges and forgets. */
async function measureGrpc(): Promise<number> {
  const server = new Server();
  const discard: WorkerServiceServer = {
    session(call) {
      call.on('data', ({ message }) => {
        const last = message?.$case === 'batch' ? message.value.records.at(-1) : undefined;
        if (last) call.write({ message: { $case: 'acknowledgement', value: { sequence: last.sequence } } });
      });
      call.on('end', () => call.end());
    },
  };
  server.addService(WorkerServiceService, discard);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  const identities = Array.from({ length: RANKS }, (_, rank) => ({ jobId: 'ftjob-bench', attempt: 1, epoch: 1, rank }));
  const seconds = await runRanks({
    kind: 'bare',
    address: `127.0.0.1:${port}`,
    records: RECORDS,
    ranks: identities.map((identity) => ({ identity, token: '' })),
  });
  server.forceShutdown();
  return (RANKS * RECORDS) / seconds;
}

/** As many connections as ranks, each with one plain INSERT after the other into the same table. */
async function measureUnnest(): Promise<number> {
  const pool = new pg.Pool({ connectionString: services.postgresUrl, max: RANKS });
  await Promise.all(Array.from({ length: RANKS }, () => pool.query('SELECT pg_sleep(0.05)')));
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: RANKS }, () => insertPlainly(pool, makeId('ftjob', randomBytes))));
  const seconds = (performance.now() - startedAt) / 1000;
  await pool.end();
  return (RANKS * RECORDS) / seconds;
}

async function insertPlainly(pool: pg.Pool, jobId: string): Promise<void> {
  for (let first = 1; first <= RECORDS; first += UNNEST_ROWS) {
    const steps = Array.from({ length: Math.min(UNNEST_ROWS, RECORDS - first + 1) }, (_, index) => first + index);
    const of = <Value>(value: (step: number) => Value) => steps.map(value);
    await pool.query({
      name: 'plain-insert',
      text: `INSERT INTO step_metrics (job_id, attempt, step, epoch, train_loss, learning_rate, grad_norm, tokens, tokens_per_second,
          memory_bytes, elapsed_ms, at)
        SELECT $1, 1, p.* FROM unnest($2::int[], $3::float8[], $4::float8[], $5::float8[], $6::float8[], $7::int[], $8::float8[],
          $9::bigint[], $10::float8[], $11::timestamptz[]) AS p`,
      values: [
        ...[jobId, steps, of((step) => step / 100), of((step) => 2 / step), of(() => 1e-3), of(() => 1), of(() => 256)],
        ...[of(() => 1_000), of(() => 1_000_000), of((step) => step * 100), of((step) => new Date(step * 100))],
      ],
    });
  }
}

/** The whole way: proto's client, the scheduler's server and session handler, Postgres, acknowledgement. */
async function measureIngest(): Promise<number> {
  const db = openDatabase({ url: services.postgresUrl, clock: systemClock });
  const queue = createQueue(services.redisUrl === null ? { postgresUrl: services.postgresUrl } : { redisUrl: services.redisUrl });
  const { version: _version, ...pool } = makePool({ id: `bench-${randomBytes(4).toString('hex')}`, maxWorkers: RANKS });
  await db.pools.ensure(pool);
  const { id: projectId } = await db.projects.ensure('bench');
  await db.models.upsertBase({ id: 'base-model', artifacts: [], config: {}, parameterCount: 1 });
  const file = { id: makeId('file', randomBytes), projectId, filename: 'train.jsonl', purpose: 'fine-tune' };
  await db.files.create({ ...file, bytes: 1, sha256: '0'.repeat(64), status: 'processed' });
  const ranks = [];
  for (let number = 0; number < RANKS; number += 1) {
    const id = makeId('ftjob', randomBytes);
    const job = { id, projectId, poolId: pool.id, spec: makeJobSpec({ trainingFile: file.id }), priority: 50, maxAttempts: 1 };
    await db.jobs.create({ ...job, metadata: null, estimate: makeEstimate() });
    const launched = await db.jobs.launch({ jobId: id, expectedAttempt: 1, poolId: pool.id, workers: 1 });
    if (!launched.ok) throw new Error(launched.message);
    const identity: RankIdentity = { jobId: id, attempt: 1, epoch: launched.job.epoch, rank: 0 };
    ranks.push({ identity, token: makeWorkerToken({ kind: 'train', ...identity }, WORKER_TOKEN_SECRET) });
  }
  // After the launches: otherwise it would carry them out itself.
  const scheduler = await startScheduler({
    ...{
      db,
      queue,
      launcher: RANKLESS_LAUNCHER,
      launcherKinds: ['process'],
      clock: systemClock,
      random: Math.random,
      logger: createLogger({ name: 'bench', level: 'warn' }),
    },
    artifacts: createDirectoryStore(directory),
    settings: benchSettings(),
    grpcAddress: '127.0.0.1:0',
    advertisedAddress: null,
  });
  const seconds = await runRanks({ kind: 'worker', address: `127.0.0.1:${scheduler.port}`, records: RECORDS, ranks });
  for (const { identity } of ranks) await db.jobs.applyEvent(identity.jobId, { type: 'cancelRequested' });
  await scheduler.close();
  await queue.close();
  await db.close();
  return (RANKS * RECORDS) / seconds;
}

/** Seconds from the first record to the last acknowledgement, as the process of the ranks saw them. */
async function runRanks(task: RankTask): Promise<number> {
  const child = fork(fileURLToPath(new URL('./bench-ingest-ranks.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] });
  const exited = once(child, 'exit');
  child.send(task);
  const [{ seconds }] = (await once(child, 'message')) as [{ seconds: number }];
  await exited;
  return seconds;
}

function benchSettings() {
  const secrets = { WORKER_TOKEN_SECRET, INTERNAL_TOKEN: randomBytes(16).toString('hex') };
  const places = {
    DATABASE_URL: services.postgresUrl,
    ARTIFACTS_DIR: directory,
    RUNS_DIR: directory,
    CACHE_DIR: directory,
    WORKER_COMMAND: 'none',
  };
  return toSettings(configSchema.parse({ ...secrets, ...places }));
}
