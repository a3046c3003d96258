// `npm run bench:api`: how many jobs a second the API creates at 50 connections, next to a floor of Express + zod + one insert + one BullMQ add.
// Starts its own Postgres and Redis; both servers are bundles in processes of their own. Rounds alternate, and the ratio is taken within each
// pair of rounds, because a machine that does other things too changes its speed from one second to the next.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '@capstan/embedded';
import { bundleFloor } from './bench-api/bundle-floor.ts';
import { type LoadResult, putLoad } from './bench-api/load.ts';
import { type ServerProcess, startServer } from './bench-api/server-process.ts';
import { timeParts } from './bench-api/time-parts.ts';
import { type BenchServices, percentile, rounded, startBenchServices } from './bench-services.ts';

const CONNECTIONS = 50;
const WARM_UP_SECONDS = 6;
const ROUND_SECONDS = 2;
const ROUNDS = 10;
const JOBS = '/v1/fine_tuning/jobs';
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const ROWS = Array.from({ length: 100 }, (_, row) => JSON.stringify({ prompt: `Say number ${row}.`, completion: `number ${row}` })).join(
  '\n',
);

interface Round extends LoadResult {
  /** Processor time of the server's process for one request. */
  serverMicroseconds: number;
}

const directory = await mkdtemp(join(tmpdir(), 'capstan-bench-api-'));
const ending: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
try {
  await main();
} finally {
  for (const end of ending.reverse()) await end();
}

async function main(): Promise<void> {
  const services = await startBenchServices();
  ending.push(() => services.stop());
  const apiKey = `sk-bench-${randomBytes(16).toString('hex')}`;
  const api = await startApi(services, apiKey);
  const floor = await startFloor(services);
  const body = await makeBody(api.port, apiKey);
  const onApi = (seconds: number) => measure(api, body, { authorization: `Bearer ${apiKey}` }, seconds);
  const onFloor = (seconds: number) => measure(floor, body, {}, seconds);
  await onFloor(WARM_UP_SECONDS);
  await onApi(WARM_UP_SECONDS);
  const pairs: { floor: Round; api: Round }[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const pair = { floor: await onFloor(ROUND_SECONDS), api: await onApi(ROUND_SECONDS) };
    console.log(`round ${round}: floor ${describe(pair.floor)} · API ${describe(pair.api)}`);
    pairs.push(pair);
  }
  await floor.stop();
  await api.stop();
  report(pairs, await timeParts(services, body));
}

async function startApi({ postgresUrl, redisUrl }: BenchServices, apiKey: string): Promise<ServerProcess> {
  const server = await startServer(join(ROOT, 'apps/api/dist/main.js'), await findFreePort(), {
    DATABASE_URL: postgresUrl,
    REDIS_URL: redisUrl ?? '',
    BOOTSTRAP_API_KEY: apiKey,
    INTERNAL_TOKEN: randomBytes(16).toString('hex'),
    ARTIFACTS_DIR: join(directory, 'artifacts'),
    UPLOADS_DIR: join(directory, 'uploads'),
    MODELS_DIR: join(ROOT, 'examples'),
    DEFAULT_POOL: JSON.stringify({ id: 'local', launcher: 'process', maxWorkers: 1, pricePerGpuHour: 0.6 }),
    LOG_LEVEL: 'warn',
  });
  ending.push(() => server.stop());
  return server;
}

async function startFloor({ postgresUrl, redisUrl }: BenchServices): Promise<ServerProcess> {
  const environment = { DATABASE_URL: postgresUrl, REDIS_URL: redisUrl ?? '' };
  const server = await startServer(await bundleFloor(ROOT), await findFreePort(), environment);
  ending.push(() => server.stop());
  return server;
}

async function makeBody(port: number, apiKey: string): Promise<string> {
  const form = new FormData();
  form.set('purpose', 'fine-tune');
  form.set('file', new Blob([ROWS]), 'bench.jsonl');
  const headers = { authorization: `Bearer ${apiKey}` };
  const response = await fetch(`http://127.0.0.1:${port}/v1/files`, { method: 'POST', body: form, headers });
  if (!response.ok) throw new Error(await response.text());
  const { id } = (await response.json()) as { id: string };
  const method = { type: 'supervised', supervised: { hyperparameters: { n_epochs: 3 } } };
  return JSON.stringify({ model: 't5-nano', training_file: id, suffix: 'bench', seed: 7, metadata: { team: 'bench' }, method });
}

async function measure(server: ServerProcess, body: string, headers: Record<string, string>, seconds: number): Promise<Round> {
  const before = server.processorMicroseconds();
  const load = await putLoad({ port: server.port, path: JOBS, body, headers }, { connections: CONNECTIONS, seconds });
  return { ...load, serverMicroseconds: (server.processorMicroseconds() - before) / Math.max(1, load.requests) };
}

function describe({ requestsPerSecond, p50Ms, p99Ms, failures }: Round): string {
  const failed = failures > 0 ? `, ${failures} FAILED` : '';
  return `${Math.round(requestsPerSecond)} requests/s (p50 ${rounded(p50Ms, 1)} ms, p99 ${rounded(p99Ms, 1)} ms${failed})`;
}

function report(pairs: readonly { floor: Round; api: Round }[], parts: string[]): void {
  const median = (of: (pair: { floor: Round; api: Round }) => number) => percentile(pairs.map(of), 0.5);
  const floor = Math.round(median((pair) => pair.floor.requestsPerSecond));
  const api = Math.round(median((pair) => pair.api.requestsPerSecond));
  const ratio = rounded(
    median((pair) => pair.api.requestsPerSecond / pair.floor.requestsPerSecond),
    3,
  );
  const processor = { floor: median((pair) => pair.floor.serverMicroseconds), api: median((pair) => pair.api.serverMicroseconds) };
  const failures = pairs.reduce((sum, pair) => sum + pair.floor.failures + pair.api.failures, 0);
  console.log(
    [
      `Medians of ${ROUNDS} pairs of rounds of ${ROUND_SECONDS} s, ${CONNECTIONS} connections, ${availableParallelism()} cores; the load comes from the same machine.`,
      `Processor time of the server itself for one request: floor ${Math.round(processor.floor)} µs, API ${Math.round(processor.api)} µs.`,
      ...parts,
      'What the API does and the floor does not: it knows its caller, follows the references, resolves and estimates the job, writes its first event and',
      'answers with all of it. It wins some of that back by group commit: jobs that come while Postgres is busy share one statement and one flush.',
    ].join('\n'),
  );
  console.log(JSON.stringify({ script: 'bench:api', floor, api, ratio, failures }));
  if (failures > 0) process.exitCode = 1;
}
