import { join } from 'node:path';
import type { DataDir } from './data-dir.ts';
import type { Secrets } from './secrets.ts';

/** What the two services need to know of each other and of what they share. */
export interface ServiceSite {
  repositoryRoot: string;
  dataDir: DataDir;
  secrets: Secrets;
  host: string;
  apiPort: number;
  /** Of the API, e.g. `http://127.0.0.1:8080`. */
  origin: string;
  grpcAddress: string;
  databaseUrl: string;
  /** Null: the queue lives in Postgres. */
  redisUrl: string | null;
  modelsDir: string;
  /** Everything that the platform itself was started with, e.g. PATH. */
  inherited: Record<string, string | undefined>;
}

type Environment = Record<string, string | undefined>;

/** The pool of a platform on one machine: one worker at a time, priced so that costs can be seen. */
const LOCAL_POOL = { id: 'local', launcher: 'process', maxWorkers: 1, pricePerGpuHour: 0.6 };

export function apiEnvironment(site: ServiceSite): Environment {
  return {
    ...sharedEnvironment(site),
    HOST: site.host,
    PORT: String(site.apiPort),
    SCHEDULER_ADDRESS: site.grpcAddress,
    UPLOADS_DIR: site.dataDir.uploads,
    MODELS_DIR: site.modelsDir,
    BOOTSTRAP_API_KEY: site.secrets.apiKey,
    DEFAULT_POOL: JSON.stringify(LOCAL_POOL),
  };
}

export function schedulerEnvironment(site: ServiceSite): Environment {
  return {
    ...sharedEnvironment(site),
    GRPC_ADDRESS: site.grpcAddress,
    WORKER_TOKEN_SECRET: site.secrets.workerTokenSecret,
    RUNS_DIR: site.dataDir.runs,
    CACHE_DIR: site.dataDir.cache,
    SERVING_POOL: LOCAL_POOL.id,
    WORKER_COMMAND: JSON.stringify([process.execPath, appProgram(site.repositoryRoot, 'worker')]),
  };
}

/** The bundle of an app. */
export function appProgram(repositoryRoot: string, app: 'api' | 'scheduler' | 'worker'): string {
  return join(repositoryRoot, 'apps', app, 'dist', 'main.js');
}

function sharedEnvironment(site: ServiceSite): Environment {
  const queue = site.redisUrl === null ? { QUEUE_DATABASE_URL: site.databaseUrl, REDIS_URL: undefined } : { REDIS_URL: site.redisUrl };
  return {
    ...site.inherited,
    ...queue,
    DATABASE_URL: site.databaseUrl,
    INTERNAL_TOKEN: site.secrets.internalToken,
    ARTIFACTS_DIR: site.dataDir.artifacts,
  };
}
