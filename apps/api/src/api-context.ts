import type { ArtifactStore } from '@capstan/artifacts';
import type { Clock } from '@capstan/core';
import type { Database } from '@capstan/db';
import type { InferenceClient } from '@capstan/proto';
import type { JobQueue, QueueBoard } from '@capstan/queue';
import type { Logger } from '@capstan/runtime';
import type { ReportTokenizer } from './files/report-tokenizer.ts';
import type { Authenticate } from './http/authenticate.ts';
import type { Lookups } from './lookups.ts';
import type { ApiMetrics } from './metrics.ts';
import type { ChangeFeed } from './stream/change-feed.ts';
import type { MeasureLeakage } from './submission/measure-leakage.ts';

/** What the outside brings: services, time, and the settings that handlers need. */
export interface ApiDependencies {
  db: Database;
  queue: JobQueue;
  queueBoard: QueueBoard;
  artifacts: ArtifactStore;
  inference: InferenceClient;
  clock: Clock;
  logger: Logger;
  metrics: ApiMetrics;
  /** Aborts when the process ends: streams close, and no new wait begins. */
  shutdown: AbortSignal;
  settings: ApiSettings;
}

export interface ApiSettings {
  /** Uploads rest here until they are checked. */
  uploadsDir: string;
  maxUploadBytes: number;
  maxJsonBytes: number;
  /** The pool of jobs that name none. */
  defaultPool: string;
  /** The built dashboard; null serves none. */
  dashboardDir: string | null;
}

/** The same for every route, with what the routes share. */
export interface ApiContext extends ApiDependencies {
  authenticate: Authenticate;
  lookups: Lookups;
  changes: ChangeFeed;
  reportTokenizer: (projectId: string) => Promise<ReportTokenizer | null>;
  measureLeakage: MeasureLeakage;
}
