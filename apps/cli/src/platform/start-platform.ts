import { mkdirSync } from 'node:fs';
import { delimiter } from 'node:path';
import type { Clock } from '@capstan/core';
import { endLeftoverChildren } from './child-registry.ts';
import { choosePorts } from './choose-ports.ts';
import { writeCredentials } from './credentials.ts';
import { type DataDir, findRepositoryRoot } from './data-dir.ts';
import { ranksOnThisMachine } from './local-ranks.ts';
import { openStores, type Stores } from './open-stores.ts';
import { takePlatformLock } from './platform-lock.ts';
import { makeServices, type PlatformServices, startServices } from './platform-services.ts';
import { loadOrMakeSecrets } from './secrets.ts';
import type { ServiceSite } from './service-environments.ts';
import { Teardown } from './teardown.ts';

export interface PlatformOptions {
  dataDir: DataDir;
  env: Record<string, string | undefined>;
  clock: Clock;
  fetch: typeof fetch;
  /** Aborting it breaks off the start; a platform that is up ends by `stop`. */
  signal: AbortSignal;
  host?: string | undefined;
  /** 0 takes any free port; absent takes that of the last start, else the usual one. */
  apiPort?: number | undefined;
  grpcPort?: number | undefined;
  /** Told, in sentences for people, what happens. */
  announce: (message: string) => void;
}

export interface Platform {
  /** With the version, as OpenAI's clients want it. */
  baseUrl: string;
  apiKey: string;
  grpcAddress: string;
  databaseUrl: string;
  /** Null: the queue lives in Postgres. */
  redisUrl: string | null;
  queue: 'redis' | 'postgres';
  dataDir: DataDir;
  /** Process ids at this moment; null while one is being started again, or belongs to somebody else. */
  pids: () => { api: number | null; scheduler: number | null; postgres: number | null; redis: number | null };
  /** Ends everything in reverse order, ranks included. Bounded; a second call waits for the same end. */
  stop: () => Promise<void>;
  /** Ends everything at once, without waiting. */
  kill: () => void;
  restartApi: () => Promise<void>;
  restartScheduler: () => Promise<void>;
}

/**
 * Brings up the whole platform on this machine: stores, scheduler, API, the last two watched and started again when they die. Whatever
 * breaks the start off, and however this process ends by itself, nothing stays behind. Rejects with a ConflictError when one is up on the data directory already.
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { dataDir } = options;
  for (const folder of [dataDir.root, dataDir.runs, dataDir.logs, dataDir.models]) mkdirSync(folder, { recursive: true });
  const lock = takePlatformLock(dataDir.lockFile);
  const teardown = new Teardown();
  teardown.add({ name: 'lock', stop: async () => lock.release(), kill: () => lock.release() });
  const killAtExit = () => teardown.kill();
  process.once('exit', killAtExit);
  teardown.onStopped(() => process.off('exit', killAtExit));
  try {
    return await openPlatform(options, teardown);
  } catch (error) {
    await teardown.stop().catch(() => {});
    throw error;
  }
}

async function openPlatform(options: PlatformOptions, teardown: Teardown): Promise<Platform> {
  const { dataDir, clock, fetch, signal } = options;
  endLeftoverChildren(dataDir.childrenFile);
  const stores = await openStores({ ...options, teardown });
  const site = await chooseSite(options, stores);
  const services = makeServices(site, options);
  // The scheduler ends its ranks when it stops; this is for those that it left, because it was killed.
  teardown.add(ranksOnThisMachine(dataDir.runs, clock));
  teardown.add(services.scheduler);
  teardown.add(services.api);
  await startServices(services, { site, clock, fetch, signal });
  const platform = describePlatform(site, { stores, services, teardown });
  writeCredentials(dataDir.credentialsFile, { baseUrl: platform.baseUrl, apiKey: platform.apiKey });
  return platform;
}

async function chooseSite(options: PlatformOptions, stores: Stores): Promise<ServiceSite> {
  const { dataDir, env, host = '127.0.0.1' } = options;
  const repositoryRoot = findRepositoryRoot();
  const ports = await choosePorts(dataDir.portsFile, { host, api: options.apiPort, grpc: options.grpcPort });
  return {
    repositoryRoot,
    dataDir,
    secrets: loadOrMakeSecrets(dataDir.secretsFile),
    host,
    apiPort: ports.api,
    origin: `http://${reachableHost(host)}:${ports.api}`,
    grpcAddress: `127.0.0.1:${ports.grpc}`,
    databaseUrl: stores.databaseUrl,
    redisUrl: stores.redisUrl,
    modelsDir: [env.CAPSTAN_MODELS_DIR || `${repositoryRoot}/examples`, dataDir.models].join(delimiter),
    inherited: env,
  };
}

interface Parts {
  stores: Stores;
  services: PlatformServices;
  teardown: Teardown;
}

function describePlatform(site: ServiceSite, { stores, services, teardown }: Parts): Platform {
  return {
    baseUrl: `${site.origin}/v1`,
    apiKey: site.secrets.apiKey,
    grpcAddress: site.grpcAddress,
    databaseUrl: site.databaseUrl,
    redisUrl: site.redisUrl,
    queue: site.redisUrl === null ? 'postgres' : 'redis',
    dataDir: site.dataDir,
    pids: () => ({ api: services.api.identity?.pid ?? null, scheduler: services.scheduler.identity?.pid ?? null, ...stores.pids() }),
    stop: () => teardown.stop(),
    kill: () => teardown.kill(),
    restartApi: () => services.api.restart(),
    restartScheduler: () => services.scheduler.restart(),
  };
}

/** An address that can be dialled: a service that listens everywhere is reached at home. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
