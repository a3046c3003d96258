import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UnavailableError } from '@capstan/core';
import { type ChildService, startChildService } from './child-service.ts';
import { findFreePort } from './find-free-port.ts';
import { takeOwnership } from './owner-file.ts';
import {
  CLEAN_ENVIRONMENT,
  clearLeftover,
  ensureCluster,
  POSTGRES_END_STEPS,
  readPassword,
  readPidFile,
  SUPERUSER,
} from './postgres-cluster.ts';
import { findPostgresPrograms, type PostgresPrograms } from './postgres-programs.ts';
import { findServiceUser, type SystemUser } from './run-as.ts';
import { serviceHome } from './service-home.ts';
import { waitUntil } from './wait-until.ts';

export interface EmbeddedPostgresOptions {
  /** Holds the cluster, its password and its log; made if it is not there. */
  dataDir: string;
  /** A free one by default. */
  port?: number;
  /** Stops the start; a server that has started is stopped by `stop` alone. */
  signal: AbortSignal;
  /** Server settings beside ours, e.g. `{ fsync: 'off' }` for data that nobody needs tomorrow. */
  settings?: Record<string, string>;
}

export interface EmbeddedService {
  url: string;
  pid: number;
  /** Resolves when the server has ended, asked or not. */
  exited: Promise<void>;
  /** Ends the server and gives the directory free; bounded, and harmless when called twice. */
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
const TRIES = 3;
const MAX_CONNECTIONS = 300;
const LOG_TAIL_CHARACTERS = 2_000;

/**
 * Starts the Postgres of the npm package on loopback, after ending what a killed owner left running there. As root it runs as another
 * user, since Postgres refuses root.
 */
export async function startEmbeddedPostgres({ dataDir, port, signal, settings = {} }: EmbeddedPostgresOptions): Promise<EmbeddedService> {
  signal.throwIfAborted();
  const directory = resolve(dataDir);
  await mkdir(directory, { recursive: true });
  const ownership = await takeOwnership(join(directory, 'owner.json'));
  try {
    const user = await findServiceUser();
    const programs = await findPostgresPrograms(user);
    const home = await serviceHome(directory, user);
    const cluster = await ensureCluster(home, programs, user, signal);
    await clearLeftover(cluster);
    const password = await readPassword(home);
    const place: Place = { programs, user, cluster, settings, logFile: join(directory, 'postgres.log') };
    const { service, port: used } = await startOnPort(place, port, signal);
    const url = `postgresql://${SUPERUSER}:${password}@127.0.0.1:${used}/postgres`;
    const stop = async () => {
      await service.stop();
      await ownership.release();
    };
    return { url, pid: service.pid, exited: service.exited, stop };
  } catch (error) {
    await ownership.release();
    throw error;
  }
}

interface Place {
  programs: PostgresPrograms;
  user: SystemUser | null;
  cluster: string;
  settings: Record<string, string>;
  logFile: string;
}

/** Again where the port was taken before Postgres bound it, or a backend of a killed server has not seen its end yet. */
async function startOnPort(place: Place, fixed: number | undefined, signal: AbortSignal): Promise<{ service: ChildService; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = fixed ?? (await findFreePort());
    const service = await launchServer(place, port);
    const isReady = await waitForReady(place, service, signal);
    if (isReady) return { service, port };
    await service.stop();
    signal.throwIfAborted();
    if (attempt < TRIES) continue;
    const log = await readFile(place.logFile, 'utf8').catch(() => '');
    throw new UnavailableError(`Postgres did not start on port ${port}: ${log.slice(-LOG_TAIL_CHARACTERS).trim()}`);
  }
}

function launchServer({ programs, user, cluster, settings, logFile }: Place, port: number): Promise<ChildService> {
  const ours = { listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: String(MAX_CONNECTIONS) };
  const flags = Object.entries({ ...ours, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return startChildService({
    command: programs.postgres,
    args: ['-D', cluster, '-p', String(port), ...flags],
    cwd: cluster,
    env: CLEAN_ENVIRONMENT,
    logFile,
    endSteps: POSTGRES_END_STEPS,
    ...(user === null ? {} : { runAs: user }),
  });
}

async function waitForReady({ cluster }: Place, service: ChildService, signal: AbortSignal): Promise<boolean> {
  const isSettled = async () => {
    if (service.hasExited() || signal.aborted) return true;
    const file = await readPidFile(cluster);
    return file !== null && file.pid === service.pid && file.isReady;
  };
  return (await waitUntil(isSettled, READY_TIMEOUT_MS)) && !service.hasExited() && !signal.aborted;
}
