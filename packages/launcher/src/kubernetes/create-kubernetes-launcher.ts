import { ConflictError, isFinished } from '@capstan/core';
import type { Launcher } from '../launcher.ts';
import { openClusterApi, toAppError } from './cluster-api.ts';
import { type ClusterPools, createClusterPools } from './cluster-pools.ts';
import { createClusterView } from './cluster-view.ts';
import { launchJob } from './launch-job.ts';
import { createLimit } from './limit.ts';
import { LABELS } from './names.ts';
import { observeLaunch } from './observe-launch.ts';
import { readPodLog } from './read-pod-log.ts';
import { createJobRemover } from './remove-job.ts';
import { stopJob } from './stop-job.ts';
import { watchLaunches } from './watch-launches.ts';

export interface KubernetesLauncherOptions {
  /** A file; null where we run in the cluster ourselves. */
  kubeconfig: string | null;
  /** Where workers run; nothing outside it is looked at. */
  namespace: string;
  /** Told of every watch that broke; it is taken up again by itself. */
  onWatchError?: (error: unknown) => void;
  /** Told of every call of the API server, by its HTTP method. */
  onCall?: (method: string) => void;
}

export interface KubernetesLauncher extends Launcher, ClusterPools {
  /** Ends the watches. Ranks live on. */
  close(): Promise<void>;
}

/** Launches and removals together, however many pools there are: an API server that is asked for more only answers each later. */
const WRITES_AT_ONCE = 16;

/** For each, the API server goes through all pods of the namespace: many at once would keep it from everything else. */
const STOPS_AT_ONCE = 4;

/** Ranks as pods of one Indexed Job per launch. All that is known lies in the cluster, so any number of launchers may look and act at once. */
export function createKubernetesLauncher(options: KubernetesLauncherOptions): KubernetesLauncher {
  const api = openClusterApi(options);
  const view = createClusterView(api, options.onWatchError ?? (() => undefined));
  const limit = createLimit(WRITES_AT_ONCE);
  const limitStops = createLimit(STOPS_AT_ONCE);
  const removeJob = createJobRemover(api, limit);

  return {
    async launch(spec, { signal }) {
      signal.throwIfAborted();
      try {
        view.note(await limit(() => launchJob(spec, api, signal)));
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw toAppError(error, `${spec.name} could not be launched`);
      }
    },
    async list({ signal }) {
      await view.synced({ signal });
      return view.names().flatMap((name) => observeLaunch(view.launch(name)));
    },
    async stop(name, { graceMs }) {
      await limitStops(() => stopJob(name, graceMs, { job: view.launch(name).job, api })).catch((error: unknown) => {
        throw toAppError(error, `${name} could not be stopped`);
      });
    },
    async remove(name) {
      await view.synced({ signal: AbortSignal.timeout(30_000) });
      const objects = view.launch(name);
      if (observeLaunch(objects).some((rank) => !isFinished(rank))) throw new ConflictError(`${name} still runs.`);
      if (objects.job === undefined && objects.pods.length === 0) return;
      await removeJob(name, objects).catch((error: unknown) => {
        throw toAppError(error, `${name} could not be removed`);
      });
      view.forget(name);
    },
    watch: ({ signal }) => watchLaunches(view, { signal }),
    async readLog(name, rank, { tailBytes }) {
      await view.synced({ signal: AbortSignal.timeout(30_000) });
      const pod = view.launch(name).pods.find(({ metadata }) => metadata?.labels?.[LABELS.rank] === String(rank));
      return pod === undefined ? '' : readPodLog(pod, tailBytes, api);
    },
    ...createClusterPools(api),
    close: () => view.close(),
  };
}
