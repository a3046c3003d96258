// `npm run bench:dashboard`: what each page of the dashboard asks for first, on a database of 100,000 jobs and a million metric points, against
// one of 100 jobs. Both take turns, and requests of a page go out at once, as from a browser. The last line is JSON.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDirectoryStore } from '@capstan/artifacts';
import { migrate, openDatabase } from '@capstan/db';
import { createInferenceClient } from '@capstan/proto';
import { createQueue, createQueueBoard } from '@capstan/queue';
import { createLogger, systemClock } from '@capstan/runtime';
import pg from 'pg';
import { createApp } from '../apps/api/src/app.ts';
import { createApiMetrics } from '../apps/api/src/metrics.ts';
import { serve } from '../apps/api/src/serve.ts';
import { firstPageBytes } from './bench-dashboard/bundle.ts';
import { seedDashboard } from './bench-dashboard/seed.ts';
import { percentile, rounded, startBenchServices } from './bench-services.ts';

const SIZES = { small: { jobs: 100, drawnJobs: 1 }, large: { jobs: 100_000, drawnJobs: 100 } };
/** Points of each job that has a curve: a hundred of them make a million. */
const POINTS = 10_000;
/** Loads of every page; the first ones warm both servers up. */
const WARM_UPS = 3;
const LOADS = 15;

const JOBS = '/v1/fine_tuning/jobs';
const PAGES: Record<string, (jobId: string) => string[]> = {
  overview: () => ['/v1/overview', '/v1/pools', `${JOBS}?limit=20`],
  jobs: () => [`${JOBS}?limit=50`, '/v1/pools', '/v1/models'],
  'jobs, succeeded': () => [`${JOBS}?limit=50&capstan[state]=succeeded`],
  'jobs, by wait': () => [`${JOBS}?limit=50&capstan[sort]=wait`],
  'jobs, by length': () => [`${JOBS}?limit=50&capstan[sort]=duration`],
  'jobs, urgent': () => [`${JOBS}?limit=50&capstan[sort]=priority`],
  'jobs, by id': (jobId) => [`${JOBS}?limit=50&capstan[search]=${jobId}`],
  job: (jobId) =>
    [
      ...['', '/curve?points=1500', '/logs?tail=true&limit=500', '/events?limit=100', '/attempts', '/checkpoints?limit=100'].map(
        (path) => `/${jobId}${path}`,
      ),
      '?limit=50',
    ].map((path) => JOBS + path),
  queues: () => ['/v1/pools', '/v1/pools/local/forecast?limit=20'],
  pools: () => ['/v1/pools', '/v1/pools/local/forecast?limit=0&max_workers=10'],
  pool: () => [
    '/v1/pools/local',
    '/v1/pools/local/forecast?limit=0&max_workers=10',
    '/v1/pools/local/usage?hours=24',
    '/v1/pools/local/events?limit=20',
  ],
  'new job': () => ['/v1/models', '/v1/pools', '/v1/files?purpose=fine-tune&limit=50'],
  models: () => ['/v1/models'],
  settings: () => ['/v1/session', '/v1/projects', '/v1/api_keys', '/v1/audit_events?limit=50'],
};

const services = await startBenchServices();
const directory = await mkdtemp(join(tmpdir(), 'capstan-bench-'));
try {
  const [small, large] = [await open('small'), await open('large')];
  const rows = [];
  for (const page of Object.keys(PAGES)) {
    const { smallMs, largeMs } = await measure(page, { small, large });
    rows.push({ page, ms: largeMs, ratio: largeMs / smallMs });
    console.log(`${page.padEnd(15)} ${rounded(largeMs, 1)} ms, ${rounded(largeMs / smallMs)} × ${rounded(smallMs, 1)} ms`);
  }
  await small.close();
  await large.close();
  console.log(`first page      ${rounded(firstPageBytes() / 1000, 1)} kB gzipped`);
  const worst = rows.reduce((a, b) => (b.ms > a.ms ? b : a));
  const worstRatio = Math.max(...rows.map(({ ratio }) => ratio));
  console.log(
    JSON.stringify({ script: 'bench:dashboard', worstMs: rounded(worst.ms, 1), worstRatio: rounded(worstRatio), worstPage: worst.page }),
  );
} finally {
  await services.stop();
  await rm(directory, { recursive: true, force: true });
}

/** The median of loads that take turns, so that a busy moment of the machine meets both alike. */
async function measure(page: string, { small, large }: Record<'small' | 'large', Site>): Promise<{ smallMs: number; largeMs: number }> {
  const times = { small: [] as number[], large: [] as number[] };
  for (let load = -WARM_UPS; load < LOADS; load += 1) {
    const [smallMs, largeMs] = [await small.load(page), await large.load(page)];
    if (load < 0) continue;
    times.small.push(smallMs);
    times.large.push(largeMs);
  }
  return { smallMs: percentile(times.small, 0.5), largeMs: percentile(times.large, 0.5) };
}

interface Site {
  /** Milliseconds until the page has all that it asks for first. */
  load(page: string): Promise<number>;
  close(): Promise<void>;
}

/** A database of its own with an API before it. */
async function open(size: keyof typeof SIZES): Promise<Site> {
  const url = await createDatabase(size);
  const db = openDatabase({ url, clock: systemClock });
  const startedAt = performance.now();
  const { apiKey, jobId } = await seedDashboard({ db, url, points: POINTS, ...SIZES[size] });
  console.log(
    `${size}: ${SIZES[size].jobs} jobs and ${SIZES[size].drawnJobs * POINTS} points in ${rounded((performance.now() - startedAt) / 1000, 1)} s`,
  );
  const queue = createQueue({ postgresUrl: url });
  const queueBoard = createQueueBoard({ postgresUrl: url }, { basePath: '/bull-board' });
  const inference = createInferenceClient({ address: '127.0.0.1:9', token: randomBytes(16).toString('hex') });
  const shutdown = new AbortController();
  const app = createApp({
    ...{ db, queue, queueBoard, inference, clock: systemClock, metrics: createApiMetrics(), shutdown: shutdown.signal },
    artifacts: createDirectoryStore(join(directory, 'artifacts')),
    logger: createLogger({ name: 'api', level: 'silent' }),
    settings: { uploadsDir: directory, maxUploadBytes: 1e9, maxJsonBytes: 1e6, defaultPool: 'local', dashboardDir: null },
  });
  const server = await serve(app, { host: '127.0.0.1', port: 0, clock: systemClock });
  const headers = { authorization: `Bearer ${apiKey}` };
  return {
    async load(page) {
      const paths = PAGES[page]?.(jobId) ?? [];
      const begin = performance.now();
      await Promise.all(paths.map((path) => fetchWhole(`http://127.0.0.1:${server.port}${path}`, headers)));
      return performance.now() - begin;
    },
    async close() {
      shutdown.abort();
      await server.close(1_000);
      inference.close();
      await queueBoard.close();
      await queue.close();
      await db.close();
    },
  };
}

async function fetchWhole(url: string, headers: Record<string, string>): Promise<void> {
  const response = await fetch(url, { headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
}

async function createDatabase(name: string): Promise<string> {
  const client = new pg.Client({ connectionString: services.postgresUrl });
  await client.connect();
  await client.query(`CREATE DATABASE bench_${name}`);
  await client.end();
  const url = new URL(services.postgresUrl);
  url.pathname = `/bench_${name}`;
  await migrate(url.href);
  return url.href;
}
