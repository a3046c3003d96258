import type { Clock } from '@capstan/core';
import { type Announcer, createAnnouncer } from './announcer.ts';
import { type ApiKeyRepository, createApiKeyRepository } from './api-keys.ts';
import { type ArtifactRepository, createArtifactRepository } from './artifacts.ts';
import { type AuditRepository, createAuditRepository } from './audit.ts';
import type { Change, WrittenChange } from './change.ts';
import { type CheckpointRepository, createCheckpointRepository } from './checkpoints.ts';
import { createEventRepository, type EventRepository } from './events.ts';
import { createFileRepository, type FileRepository } from './files.ts';
import { Prisma } from './generated/client.ts';
import { createIdempotencyKeyRepository, type IdempotencyKeyRepository } from './idempotency-keys.ts';
import { createJobArtifactRepository, type JobArtifactRepository } from './job-artifacts.ts';
import { createJobRepository, type JobRepository } from './jobs/jobs.ts';
import { createLedgerRepository, type LedgerRepository } from './ledger.ts';
import { listen } from './listen.ts';
import { createLogRepository, type LogRepository } from './logs.ts';
import { createMetricRepository, type MetricRepository } from './metrics.ts';
import { createModelRepository, type ModelRepository } from './models.ts';
import { openPool } from './open-pool.ts';
import { createOverviewRepository, type OverviewRepository } from './overview.ts';
import { createPoolCapacityRepository, type PoolCapacityRepository } from './pool-capacities.ts';
import { createPoolEventRepository, type PoolEventRepository } from './pool-events.ts';
import { createPoolRepository, type PoolRepository } from './pools.ts';
import { createPrisma } from './prisma.ts';
import { createProjectRepository, type ProjectRepository } from './projects.ts';
import { createReportRepository, type ReportRepository } from './reports/append-reports.ts';
import { createSessionRepository, type SessionRepository } from './sessions.ts';
import { createSql } from './sql.ts';
import { createUsageRepository, type UsageRepository } from './usage.ts';

export interface DatabaseOptions {
  url: string;
  clock: Clock;
  /** Connections at most; `changes` takes one more for each of its readers. */
  poolSize?: number;
}

export interface Database {
  projects: ProjectRepository;
  apiKeys: ApiKeyRepository;
  sessions: SessionRepository;
  audit: AuditRepository;
  files: FileRepository;
  models: ModelRepository;
  pools: PoolRepository;
  poolCapacities: PoolCapacityRepository;
  poolEvents: PoolEventRepository;
  jobs: JobRepository;
  events: EventRepository;
  metrics: MetricRepository;
  logs: LogRepository;
  checkpoints: CheckpointRepository;
  artifacts: ArtifactRepository;
  idempotencyKeys: IdempotencyKeyRepository;
  jobArtifacts: JobArtifactRepository;
  ledger: LedgerRepository;
  reports: ReportRepository;
  usage: UsageRepository;
  overview: OverviewRepository;
  /** What others write, as hints; ends quietly when `signal` aborts. Begins with `resync`, as does every new connection. */
  changes(signal: AbortSignal): AsyncIterable<Change>;
  /** Tells every listener, soon, and returns at once. */
  announce(change: WrittenChange): void;
  /** Rejects with UnavailableError where the database does not answer. */
  ping(): Promise<void>;
  /** Sends the last hints and closes every connection. */
  close(): Promise<void>;
}

const POOL_SIZE = 10;

/** Opens nothing yet: connections are made as they are needed, and made again after a loss. */
export function openDatabase({ url, clock, poolSize = POOL_SIZE }: DatabaseOptions): Database {
  const pool = openPool(url, poolSize);
  const prisma = createPrisma(pool);
  const sql = createSql(pool);
  const announcer: Announcer = createAnnouncer(sql);
  return {
    projects: createProjectRepository({ prisma, sql, clock }),
    apiKeys: createApiKeyRepository(prisma, clock),
    sessions: createSessionRepository(prisma, clock),
    audit: createAuditRepository(prisma, clock),
    files: createFileRepository(prisma, clock),
    models: createModelRepository(prisma),
    poolCapacities: createPoolCapacityRepository(prisma, sql),
    pools: createPoolRepository({ prisma, sql, clock, announcer }),
    poolEvents: createPoolEventRepository(prisma, clock),
    jobs: createJobRepository({ sql, clock, announcer }),
    events: createEventRepository(prisma),
    metrics: createMetricRepository(prisma, sql),
    logs: createLogRepository(prisma, sql),
    checkpoints: createCheckpointRepository({ prisma, sql, clock }),
    artifacts: createArtifactRepository(sql, clock),
    idempotencyKeys: createIdempotencyKeyRepository(sql),
    jobArtifacts: createJobArtifactRepository(prisma),
    ledger: createLedgerRepository(prisma, sql),
    reports: createReportRepository({ sql, clock, announcer }),
    usage: createUsageRepository({ prisma, sql }),
    overview: createOverviewRepository(sql),
    changes: (signal) => listen(url, clock, signal),
    announce: (change) => announcer.announce(change),
    ping: async () => {
      await sql.rows(Prisma.sql`SELECT 1`, 'ping');
    },
    close: async () => {
      await announcer.flushed();
      await prisma.$disconnect();
      await pool.end();
    },
  };
}
