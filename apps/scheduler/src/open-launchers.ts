import type { Clock } from '@capstan/core';
import { createProcessLauncher, type Launcher, openKubernetesLauncher, routeLaunchers } from '@capstan/launcher';
import type { Logger } from '@capstan/runtime';
import type { Config } from './config.ts';

interface LauncherParts {
  /** Of local workers, beside Capstan's own variables. */
  environment: Record<string, string>;
  clock: Clock;
  logger: Logger;
}

/** Everywhere that this scheduler may start ranks, as one launcher; `close` ends its watches and leaves the ranks alone. */
export async function openLaunchers(config: Config, parts: LauncherParts): Promise<{ launcher: Launcher; close(): Promise<void> }> {
  const processes = openProcesses(config, parts);
  const pods = await openPods(config, parts);
  const launcher = routeLaunchers({ ...(processes && { process: processes }), ...(pods && { kubernetes: pods }) });
  return { launcher, close: async () => pods?.close() };
}

function openProcesses({ WORKER_COMMAND, RUNS_DIR, CACHE_DIR }: Config, { environment, clock }: LauncherParts): Launcher | null {
  if (WORKER_COMMAND === undefined || RUNS_DIR === undefined || CACHE_DIR === undefined) return null;
  return createProcessLauncher({ runsDir: RUNS_DIR, cacheDir: CACHE_DIR, workerCommand: WORKER_COMMAND, environment, clock });
}

async function openPods({ KUBERNETES_NAMESPACE, KUBECONFIG }: Config, { logger }: LauncherParts) {
  if (KUBERNETES_NAMESPACE === undefined) return null;
  return openKubernetesLauncher({
    namespace: KUBERNETES_NAMESPACE,
    kubeconfig: KUBECONFIG ?? null,
    onWatchError: (error) => logger.warn({ err: error }, 'a watch on the cluster broke and is taken up again'),
  });
}
