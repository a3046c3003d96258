import type { Clock, NumberedReport, RankAssignment, RankIdentity } from '@capstan/core';
import {
  type ClientTls,
  connectWorker,
  type GrpcServer,
  type GrpcServerOptions,
  type Principal,
  startGrpcServer,
  type WorkerConnection,
  type WorkerSession,
} from './index.ts';

export const identity: RankIdentity = { jobId: 'ftjob-a', attempt: 1, epoch: 3, rank: 0 };
/** What a test has opened, closed in reverse order after it. */
export const closers: (() => Promise<void>)[] = [];
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close();
}

export const clock: Clock = {
  now: () => new Date(),
  sleep: (ms, { signal } = {}) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', abort);
        resolve();
      }, ms);
      signal?.addEventListener('abort', abort, { once: true });
    }),
};

export const assignment: RankAssignment = {
  ...identity,
  worldSize: 1,
  spec: {
    model: 't5-nano',
    trainingFile: 'file-1',
    validationFile: null,
    suffix: null,
    seed: 1,
    method: 'lora',
    init: 'pretrained',
    lora: { r: 8, alpha: 16, dropout: 0, targetModules: 'all-linear' },
    training: {
      totalSteps: 10,
      epochs: 1,
      batchSize: 4,
      microBatchSize: 4,
      learningRate: 1e-3,
      warmupSteps: 0,
      decay: 'linear',
      weightDecay: 0,
      maxGradNorm: 1,
      dropout: null,
      maxSourceTokens: 64,
      maxTargetTokens: 32,
      evalEverySteps: 0,
      evalRows: 0,
      rougeRows: 0,
      checkpointEverySteps: 0,
      checkpointEverySeconds: 0,
    },
    resources: { workers: 1, gpusPerWorker: 0, memoryMiB: null },
  },
  baseModel: [{ path: 'config.json', sha256: 'a'.repeat(64), bytes: 3 }],
  trainingFile: { path: 'train.jsonl', sha256: 'b'.repeat(64), bytes: 3 },
  validationFile: null,
  checkpoints: [],
  baseEvaluation: null,
  heartbeatIntervalMs: 50,
  elapsedMs: 0,
};

/** What `db.reports.append` promises, in memory: gaps are errors, repeats are dropped, the answer is the last committed sequence. */
export function makeReportStore() {
  const committed: NumberedReport[] = [];
  let repeats = 0;
  return {
    committed,
    repeats: () => repeats,
    append(reports: NumberedReport[]): number {
      for (const numbered of reports) {
        if (numbered.sequence > committed.length + 1) throw new Error(`gap before ${numbered.sequence}`);
        if (numbered.sequence <= committed.length) repeats += 1;
        else committed.push(numbered);
      }
      return committed.length;
    },
  };
}

const PRINCIPALS: Record<string, Principal> = {
  right: { kind: 'rank', identity },
  server: { kind: 'server', serverId: 'serve-1' },
  api: { kind: 'api' },
};

export async function startServer(
  onWorkerSession: (session: WorkerSession) => Promise<void>,
  port = 0,
  overrides: Partial<GrpcServerOptions> = {},
): Promise<GrpcServer> {
  const server = await startGrpcServer({
    address: `127.0.0.1:${port}`,
    authenticate: async (token) => PRINCIPALS[token] ?? null,
    onWorkerSession,
    onServingSession: () => {},
    async *onGenerate() {},
    artifacts: { async *read() {}, write: async () => ({ sha256: '', bytes: 0 }) },
    ...overrides,
  });
  closers.push(() => server.close());
  return server;
}

interface ConnectOptions {
  token?: string;
  signal?: AbortSignal;
  identity?: RankIdentity;
  tls?: ClientTls;
  /** Ports of the schedulers that speak for the first. */
  others?: number[];
}

export function connect(port: number, options: ConnectOptions = {}): WorkerConnection {
  const connection = connectWorker({
    address: [port, ...(options.others ?? [])].map((each) => `127.0.0.1:${each}`).join(','),
    tls: options.tls,
    token: options.token ?? 'right',
    identity: options.identity ?? identity,
    signal: options.signal ?? new AbortController().signal,
    clock,
    random: () => 0.5,
  });
  closers.push(() => connection.close());
  return connection;
}
