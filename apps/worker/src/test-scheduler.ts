import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ArtifactRef, type JobSpec, NotFoundError, type RankAssignment, UnavailableError, type WorkerReport } from '@capstan/core';
import {
  type ArtifactHandlers,
  type GrpcServer,
  type Principal,
  type ServingSession,
  startGrpcServer,
  type WorkerSession,
} from '@capstan/proto';
import { createLogger, systemClock } from '@capstan/runtime';
import { initBackend, initModel, modelFiles } from '@capstan/trainer';
import type { WorkerHost } from './train.ts';

const examples = (path: string) => fileURLToPath(new URL(`../../../examples/${path}`, import.meta.url));

const identity = { jobId: 'ftjob-test', attempt: 1, epoch: 1 };
const PRINCIPALS: Record<string, Principal> = {
  token: { kind: 'rank', identity },
  server: { kind: 'server', serverId: 'serve-test' },
  api: { kind: 'api' },
};

/** Small enough that a step takes milliseconds. */
const TINY_CONFIG = { d_model: 16, d_kv: 8, d_ff: 32, num_layers: 1, num_decoder_layers: 1, num_heads: 2 };

export interface TestScheduler {
  server: GrpcServer;
  /** Artifacts by hash. */
  stored: Map<string, Buffer>;
  store: (path: string, content: Uint8Array) => ArtifactRef;
  /** What rank 0 has reported, exactly once each, in order; and what rank 1 has. */
  reports: WorkerReport[];
  otherReports: WorkerReport[];
  of: <Type extends WorkerReport['type']>(type: Type) => Extract<WorkerReport, { type: Type }>[];
  /** Told of every session and every report. */
  onReport: (report: WorkerReport, session: WorkerSession) => void;
  /** Awaited before an artifact is stored: a store that is away does not answer. */
  beforeWrite: () => Promise<void>;
  assignment: RankAssignment;
  host(overrides?: Partial<WorkerHost>): WorkerHost;
  directory: string;
  close(): Promise<void>;
}

/** A scheduler of a test: a real gRPC server, artifacts in memory, and the database's promise about sequences. */
export async function startTestScheduler(training: Partial<JobSpec['training']> = {}, spec: Partial<JobSpec> = {}): Promise<TestScheduler> {
  const stored = new Map<string, Buffer>();
  const reports: WorkerReport[] = [];
  const directory = await mkdtemp(join(tmpdir(), 'capstan-worker-'));
  const store = (path: string, content: Uint8Array): ArtifactRef => {
    const sha256 = createHash('sha256').update(content).digest('hex');
    stored.set(sha256, Buffer.from(content));
    return { path, sha256, bytes: content.byteLength };
  };
  const server = await startServer(() => scheduler);
  const scheduler: TestScheduler = {
    server,
    stored,
    store,
    reports,
    otherReports: [],
    of: (type) => reports.filter((report): report is never => report.type === type),
    onReport: () => {},
    beforeWrite: async () => {},
    assignment: await makeAssignment(store, makeSpec(training, spec)),
    host: (overrides) => makeHost(server.port, directory, overrides),
    directory,
    async close() {
      await server.close();
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
  return scheduler;
}

async function startServer(scheduler: () => TestScheduler): Promise<GrpcServer> {
  let serving: ServingSession | null = null;
  return startGrpcServer({
    address: '127.0.0.1:0',
    authenticate: async (token) => PRINCIPALS[token] ?? null,
    async onWorkerSession(session) {
      const { assignment, onReport, ...all } = scheduler();
      const { rank } = session.identity;
      const reports = rank === 0 ? all.reports : all.otherReports;
      session.sendAssignment({ ...assignment, rank });
      for await (const batch of session.batches) {
        for (const { sequence, report } of batch.reports) {
          if (sequence > reports.length + 1) throw new Error(`gap before ${sequence}`);
          if (sequence === reports.length + 1) reports.push(report);
          onReport(report, session);
        }
        session.ack(reports.length);
      }
    },
    onServingSession(session) {
      session.sendAssignment({ serverId: session.serverId, maxAdapters: 1 });
      serving = session;
    },
    onGenerate(request, options) {
      if (!serving) throw new UnavailableError('No serving worker has dialled in.');
      return serving.generate(request, options);
    },
    artifacts: makeArtifactHandlers(scheduler),
  });
}

async function makeAssignment(store: TestScheduler['store'], spec: JobSpec): Promise<RankAssignment> {
  return {
    ...identity,
    rank: 0,
    worldSize: 1,
    spec,
    baseModel: await makeBaseModel(store),
    trainingFile: store('train.jsonl', await firstLines('debian-synopsis/train.jsonl', 40)),
    validationFile: store('valid.jsonl', await firstLines('debian-synopsis/valid.jsonl', 8)),
    checkpoints: [],
    baseEvaluation: null,
    heartbeatIntervalMs: 200,
    elapsedMs: 0,
  };
}

function makeArtifactHandlers(scheduler: () => TestScheduler): ArtifactHandlers {
  return {
    async *read(sha256, { offset }) {
      const content = scheduler().stored.get(sha256);
      if (!content) throw new NotFoundError(`There is no artifact ${sha256}.`);
      yield content.subarray(offset);
    },
    async write(content) {
      const parts: Uint8Array[] = [];
      for await (const part of content) parts.push(part);
      await scheduler().beforeWrite();
      const { sha256, bytes } = scheduler().store('', Buffer.concat(parts));
      return { sha256, bytes };
    },
  };
}

function makeSpec(training: Partial<JobSpec['training']>, spec: Partial<JobSpec>): JobSpec {
  return {
    model: 't5-test',
    trainingFile: 'file-train',
    validationFile: 'file-valid',
    suffix: null,
    seed: 7,
    method: 'lora',
    init: 'pretrained',
    lora: { r: 4, alpha: 8, dropout: 0.1, targetModules: 'all-linear' },
    resources: { workers: 1, gpusPerWorker: 0, memoryMiB: null },
    ...spec,
    training: {
      totalSteps: 6,
      epochs: 1,
      batchSize: 4,
      microBatchSize: 2,
      learningRate: 1e-2,
      warmupSteps: 1,
      decay: 'linear',
      weightDecay: 0.01,
      maxGradNorm: 1,
      dropout: null,
      maxSourceTokens: 48,
      maxTargetTokens: 12,
      evalEverySteps: 3,
      evalRows: 8,
      rougeRows: 4,
      checkpointEverySteps: 0,
      checkpointEverySeconds: 0,
      ...training,
    },
  };
}

/** Random weights under the real tokenizer. */
async function makeBaseModel(store: TestScheduler['store']): Promise<ArtifactRef[]> {
  await initBackend();
  const config = { ...JSON.parse(await readFile(examples('t5-nano/config.json'), 'utf8')), ...TINY_CONFIG };
  const bytes = Buffer.from(JSON.stringify(config));
  const model = initModel(bytes, 3);
  const files = {
    'config.json': bytes,
    ...(await modelFiles(model)),
    'tokenizer.json': await readFile(examples('t5-nano/tokenizer.json')),
  };
  model.dispose();
  return Object.entries(files).map(([path, content]) => store(path, content));
}

async function firstLines(path: string, count: number): Promise<Buffer> {
  const text = await readFile(examples(path), 'utf8');
  return Buffer.from(text.split('\n').slice(0, count).join('\n'));
}

function makeHost(port: number, directory: string, overrides: Partial<WorkerHost> = {}): WorkerHost {
  return {
    config: {
      CAPSTAN_KIND: 'train',
      CAPSTAN_SCHEDULER_ADDRESS: `127.0.0.1:${port}`,
      CAPSTAN_TOKEN_FILE: join(directory, 'token'),
      CAPSTAN_JOB_ID: 'ftjob-test',
      CAPSTAN_ATTEMPT: 1,
      CAPSTAN_EPOCH: 1,
      CAPSTAN_RANK: 0,
      CAPSTAN_WORLD_SIZE: 1,
      CAPSTAN_CACHE_DIR: join(directory, 'cache'),
      CAPSTAN_CACHE_MAX_BYTES: 1024 ** 3,
      LOG_LEVEL: 'info',
    },
    token: 'token',
    logger: createLogger({ name: 'worker', destination: { write: () => {} } }),
    clock: systemClock,
    random: () => 0.5,
    shutdown: new AbortController().signal,
    residentBytes: () => 1_000_000,
    scratchDirectory: directory,
    writerId: 'test',
    ...overrides,
  };
}
