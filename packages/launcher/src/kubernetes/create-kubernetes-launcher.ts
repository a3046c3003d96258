import { ConflictError, isFinished } from '@capstan/core';
import { ApiException, type V1Pod } from '@kubernetes/client-node';
import type { Launcher } from '../launcher.ts';
import { callOptions, openClusterApi, toAppError } from './cluster-api.ts';
import { createClusterView } from './cluster-view.ts';
import { launchJob } from './launch-job.ts';
import { CONTAINER, LABELS } from './names.ts';
import { observeLaunch } from './observe-launch.ts';
import { readRankPhase } from './read-rank-phase.ts';
import { removeJob } from './remove-job.ts';
import { stopJob } from './stop-job.ts';
import { watchLaunches } from './watch-launches.ts';

export interface KubernetesLauncherOptions {
  /** A file; null where we run in the cluster ourselves. */
  kubeconfig: string | null;
  /** Where workers run; nothing outside it is looked at. */
  namespace: string;
  /** Told of every watch that broke; it is taken up again by itself. */
  onWatchError?: (error: unknown) => void;
}

export interface KubernetesLauncher extends Launcher {
  /** Ends the watches. Ranks live on. */
  close(): Promise<void>;
}

/** A log's end is asked for in lines, and cut to bytes here. */
const LOG_LINES = 2_000;

/** Ranks as pods of one Indexed Job per launch. All that is known lies in the cluster, so any number of launchers may look and act at once. */
export function createKubernetesLauncher(options: KubernetesLauncherOptions): KubernetesLauncher {
  const api = openClusterApi(options);
  const view = createClusterView(api, options.onWatchError ?? (() => undefined));

  async function readLog(pod: V1Pod, tailBytes: number): Promise<string> {
    // Asked for the log of a pod that has no node, the API server answers nothing, which the client cannot read.
    if (pod.spec?.nodeName === undefined) return '';
    const request = { namespace: api.namespace, name: pod.metadata?.name ?? '', container: CONTAINER, tailLines: LOG_LINES };
    const log = await api.core.readNamespacedPodLog(request, callOptions()).catch((error: unknown) => {
      // The container is gone, or never was; its last words are in the pod.
      if (error instanceof ApiException) return readRankPhase(pod).logTail.join('\n');
      throw error;
    });
    return Buffer.from(log ?? '')
      .subarray(-tailBytes)
      .toString('utf8');
  }

  return {
    async launch(spec, { signal }) {
      signal.throwIfAborted();
      try {
        view.note(await launchJob(spec, api, signal));
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
      await stopJob(name, graceMs, { job: view.launch(name).job, api }).catch((error: unknown) => {
        throw toAppError(error, `${name} could not be stopped`);
      });
    },
    async remove(name) {
      await view.synced({ signal: AbortSignal.timeout(30_000) });
      const objects = view.launch(name);
      if (observeLaunch(objects).some((rank) => !isFinished(rank))) throw new ConflictError(`${name} still runs.`);
      if (objects.job === undefined && objects.pods.length === 0) return;
      await removeJob(objects, api).catch((error: unknown) => {
        throw toAppError(error, `${name} could not be removed`);
      });
      view.forget(name);
    },
    watch: ({ signal }) => watchLaunches(view, { signal }),
    async readLog(name, rank, { tailBytes }) {
      await view.synced({ signal: AbortSignal.timeout(30_000) });
      const pod = view.launch(name).pods.find(({ metadata }) => metadata?.labels?.[LABELS.rank] === String(rank));
      return pod === undefined ? '' : readLog(pod, tailBytes);
    },
    close: () => view.close(),
  };
}
