import type { Clock, Pool } from '@capstan/core';
import { claimHost } from '@capstan/db';
import {
  type ClusterPools,
  createProcessLauncher,
  type Launcher,
  openKubernetesLauncher,
  readHostId,
  routeLaunchers,
} from '@capstan/launcher';
import type { Logger } from '@capstan/runtime';
import { Counter } from 'prom-client';
import type { Config } from './config.ts';
import { type HeldHost, holdHost } from './hold-host.ts';

interface LauncherParts {
  /** Of local workers, beside Capstan's own variables. */
  environment: Record<string, string>;
  clock: Clock;
  logger: Logger;
}

export interface Launchers {
  launcher: Launcher;
  /** Those that it stands for. */
  kinds: Pool['launcher'][];
  /** The cluster, where there is one. */
  clusterPools: ClusterPools | null;
  /** What they count, to be shown with the scheduler's own. */
  metrics: Counter[];
  /** The machine's claim on local processes, where it may start any. */
  host: HeldHost | null;
  /** Ends the watches, lets go of the claim, and leaves the ranks alone. */
  close(): Promise<void>;
}

/**
 * Everywhere that this scheduler may start ranks, as one launcher. Throws a ConflictError where another machine starts local ones: what keeps
 * an attempt from being launched twice there are files, which only one machine sees.
 */
export async function openLaunchers(config: Config, parts: LauncherParts): Promise<Launchers> {
  const calls = new Counter({
    name: 'capstan_kubernetes_requests_total',
    help: 'Calls of the Kubernetes API server, by HTTP method; watches are not counted.',
    labelNames: ['method'],
    registers: [],
  });
  const host = await holdOwnHost(config, parts);
  const processes = openProcesses(config, parts);
  const pods = await openPods(config, parts, calls);
  const byKind = { ...(processes && { process: processes }), ...(pods && { kubernetes: pods }) };
  const kinds = Object.keys(byKind) as Pool['launcher'][];
  const launcher = routeLaunchers(byKind);
  const close = async () => {
    await pods?.close();
    await host?.release();
  };
  return { launcher, kinds, clusterPools: pods, metrics: pods === null ? [] : [calls], host, close };
}

async function holdOwnHost({ WORKER_COMMAND, RUNS_DIR, DATABASE_URL }: Config, parts: LauncherParts): Promise<HeldHost | null> {
  if (WORKER_COMMAND === undefined || RUNS_DIR === undefined) return null;
  const hostId = await readHostId(RUNS_DIR);
  return holdHost(() => claimHost(DATABASE_URL, hostId), parts);
}

function openProcesses({ WORKER_COMMAND, RUNS_DIR, CACHE_DIR }: Config, { environment, clock }: LauncherParts): Launcher | null {
  if (WORKER_COMMAND === undefined || RUNS_DIR === undefined || CACHE_DIR === undefined) return null;
  return createProcessLauncher({ runsDir: RUNS_DIR, cacheDir: CACHE_DIR, workerCommand: WORKER_COMMAND, environment, clock });
}

async function openPods({ KUBERNETES_NAMESPACE, KUBECONFIG }: Config, { logger }: LauncherParts, calls: Counter) {
  if (KUBERNETES_NAMESPACE === undefined) return null;
  return openKubernetesLauncher({
    namespace: KUBERNETES_NAMESPACE,
    kubeconfig: KUBECONFIG ?? null,
    onCall: (method) => calls.inc({ method }),
    onWatchError: (error) => logger.warn({ err: error }, 'a watch on the cluster broke and is taken up again'),
  });
}
