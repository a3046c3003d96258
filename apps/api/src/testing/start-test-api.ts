import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDirectoryStore } from '@capstan/artifacts';
import { type ApiKeyRole, type GenerateChunk, type GenerateRequest, type JobEvent, poolSchema } from '@capstan/core';
import { type Database, openDatabase } from '@capstan/db';
import { createInferenceClient, startGrpcServer } from '@capstan/proto';
import { createQueue, createQueueBoard, type JobQueue } from '@capstan/queue';
import { createLogger, systemClock } from '@capstan/runtime';
import type { ApiSettings } from '../api-context.ts';
import { createApp } from '../app.ts';
import { createApiMetrics } from '../metrics.ts';
import { BOARD_PATH } from '../routes/queue-board.ts';
import { serve } from '../serve.ts';

export type OnGenerate = (request: GenerateRequest, options: { signal: AbortSignal }) => AsyncIterable<GenerateChunk>;

export interface TestApi {
  /** With the version, as clients are given it. */
  url: string;
  origin: string;
  db: Database;
  queue: JobQueue;
  directory: string;
  projectId: string;
  /** A key of the default project with the role submitter. */
  key: string;
  makeKey(role: ApiKeyRole, project?: string): Promise<string>;
  fetch(path: string, init?: RequestInit & { key?: string | null }): Promise<Response>;
  postJson(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  upload(content: string, options?: { filename?: string; purpose?: string; key?: string }): Promise<Response>;
  /** A good training file's id. */
  trainingFile(): Promise<string>;
  /** Walks a job through events as the scheduler would; gives the last status. */
  apply(jobId: string, ...events: JobEvent[]): Promise<void>;
  /** What the scheduler answers to questions from now on. */
  onGenerate: OnGenerate;
  close(): Promise<void>;
}

/** A database of the test's own, as @capstan/testing gives it. */
interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

export const BASE_MODEL = 't5-nano';
export const ROWS = Array.from({ length: 60 }, (_, row) =>
  JSON.stringify({
    messages: [
      { role: 'user', content: `Say number ${row} in words.` },
      { role: 'assistant', content: `number ${row}` },
    ],
  }),
).join('\n');
const TOKEN = 'a token for the api to call with';

/** The whole API over real HTTP, Postgres, queue, files and gRPC; the test plays the scheduler. */
export async function startTestApi(database: TestDatabase, settings: Partial<ApiSettings> = {}): Promise<TestApi> {
  const directory = await mkdtemp(join(tmpdir(), 'capstan-api-'));
  const stores = openStores(database.url, directory);
  const { db, queue } = stores;
  const projectId = await seed(stores);
  const scheduler = await startScheduler((request, options) => api.onGenerate(request, options));
  const shutdown = new AbortController();
  const app = createApp({
    ...stores,
    inference: scheduler.client,
    clock: systemClock,
    logger: createLogger({ name: 'api', level: 'silent' }),
    metrics: createApiMetrics(),
    shutdown: shutdown.signal,
    settings: { ...SETTINGS, uploadsDir: join(directory, 'uploads'), ...settings },
  });
  const server = await serve(app, { host: '127.0.0.1', port: 0, clock: systemClock });
  const origin = `http://127.0.0.1:${server.port}`;
  const makeKey = keyMaker(db);
  const key = await makeKey('submitter');
  const api: TestApi = {
    url: `${origin}/v1`,
    origin,
    directory,
    projectId,
    key,
    db,
    queue,
    makeKey,
    ...requester(`${origin}/v1`, key),
    apply: async (jobId, ...events) => {
      for (const event of events) await applyAsScheduler(db, jobId, event);
    },
    onGenerate: async function* () {},
    close: async () => {
      shutdown.abort();
      await server.close(1_000);
      await scheduler.close();
      await stores.queueBoard.close();
      await queue.close();
      await db.close();
      await database.drop();
      await rm(directory, { recursive: true, maxRetries: 10 });
    },
  };
  return api;
}

const SETTINGS = { maxUploadBytes: 512 * 1024 * 1024, maxJsonBytes: 1024 * 1024, defaultPool: 'local', dashboardDir: null };

function openStores(url: string, directory: string) {
  const db = openDatabase({ url, clock: systemClock });
  const queueBoard = createQueueBoard({ postgresUrl: url }, { basePath: BOARD_PATH });
  return { db, queueBoard, queue: createQueue({ postgresUrl: url }), artifacts: createDirectoryStore(join(directory, 'artifacts')) };
}

/** A project, a base model and a pool; the project's id. */
async function seed({ db, artifacts }: ReturnType<typeof openStores>): Promise<string> {
  const example = (file: string) => new URL(`../../../../examples/t5-nano/${file}`, import.meta.url);
  const config: unknown = JSON.parse(await readFile(example('config.json'), 'utf8'));
  const tokenizer = await artifacts.put(createReadStream(example('tokenizer.json')), { signal: AbortSignal.timeout(10_000) });
  await db.models.upsertBase({ id: BASE_MODEL, artifacts: [{ path: 'tokenizer.json', ...tokenizer }], config, parameterCount: 7_300_000 });
  await db.pools.ensure(poolSchema.parse({ id: 'local', launcher: 'process', maxWorkers: 2, pricePerGpuHour: 0.6 }));
  return (await db.projects.ensure('default')).id;
}

function keyMaker({ apiKeys, projects }: Database): TestApi['makeKey'] {
  return async (role, project = 'default') => {
    const { id } = await projects.ensure(project);
    return (await apiKeys.create({ projectId: id, name: role, role })).key;
  };
}

/** The scheduler's side of inference, over real gRPC. */
async function startScheduler(onGenerate: OnGenerate) {
  const server = await startGrpcServer({
    address: '127.0.0.1:0',
    authenticate: async (token) => (token === TOKEN ? { kind: 'api' } : null),
    onWorkerSession: async () => undefined,
    onServingSession: () => undefined,
    onGenerate,
    artifacts: { read: () => [] as never, write: () => Promise.reject(new Error('no worker is expected here')) },
  });
  const client = createInferenceClient({ address: `127.0.0.1:${server.port}`, token: TOKEN });
  const close = async () => {
    client.close();
    await server.close();
  };
  return { client, close };
}

function requester(url: string, ownKey: string): Pick<TestApi, 'fetch' | 'postJson' | 'upload' | 'trainingFile'> {
  const send: TestApi['fetch'] = (path, { key = ownKey, headers, ...init } = {}) =>
    fetch(`${url}${path}`, {
      ...init,
      headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...(headers as Record<string, string>) },
    });
  const upload: TestApi['upload'] = (content, { filename = 'train.jsonl', purpose = 'fine-tune', key } = {}) => {
    const form = new FormData();
    form.set('purpose', purpose);
    form.set('file', new Blob([content]), filename);
    return send('/files', { method: 'POST', body: form, ...(key === undefined ? {} : { key }) });
  };
  return {
    fetch: send,
    upload,
    postJson: (path, body, headers = {}) =>
      send(path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }),
    trainingFile: async () => ((await (await upload(ROWS)).json()) as { id: string }).id,
  };
}

async function applyAsScheduler(db: Database, jobId: string, event: JobEvent): Promise<void> {
  if (event.type === 'launched') {
    const job = await db.jobs.get(jobId);
    if (!job) throw new Error(`no job ${jobId}`);
    const launched = await db.jobs.launch({ jobId, expectedAttempt: job.attempt + 1, poolId: job.poolId, workers: 1 });
    if (!launched.ok) throw new Error(launched.message);
    await db.jobs.markLaunched(jobId, launched.job.attempt);
    return;
  }
  const applied = await db.jobs.applyEvent(jobId, event);
  if (!applied.ok) throw new Error(`${event.type} was refused in ${applied.from}`);
}
