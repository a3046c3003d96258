import type { Clock, Pool } from '@capstan/core';
import { type ClusterPools, createProcessLauncher, type Launcher, openKubernetesLauncher, routeLaunchers } from '@capstan/launcher';
import type { Logger } from '@capstan/runtime';
import { Counter } from 'prom-client';
import type { Config } from './config.ts';

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
  /** Ends the watches, and leaves the ranks alone. */
  close(): Promise<void>;
}

/** Everywhere that this scheduler may start ranks, as one launcher. */
export async function openLaunchers(config: Config, parts: LauncherParts): Promise<Launchers> {
  const calls = new Counter({
    name: 'capstan_kubernetes_requests_total',
    help: 'Calls of the Kubernetes API server, by HTTP method; watches are not counted.',
    labelNames: ['method'],
    registers: [],
  });
  const processes = openProcesses(config, parts);
  const pods = await openPods(config, parts, calls);
  const byKind = { ...(processes && { process: processes }), ...(pods && { kubernetes: pods }) };
  const kinds = Object.keys(byKind) as Pool['launcher'][];
  const launcher = routeLaunchers(byKind);
  return { launcher, kinds, clusterPools: pods, metrics: pods === null ? [] : [calls], close: async () => pods?.close() };
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
