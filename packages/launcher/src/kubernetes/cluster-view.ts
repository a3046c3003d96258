import type { V1Job, V1Pod } from '@kubernetes/client-node';
import { type ClusterApi, callOptions } from './cluster-api.ts';
import { followObjects } from './follow-objects.ts';
import { followRefusals } from './follow-refusals.ts';
import { createWorkloadFollower } from './follow-workloads.ts';
import { createLaunchIndex } from './launch-index.ts';
import { OURS } from './names.ts';
import type { LaunchObjects } from './observe-launch.ts';
import { isQueued } from './read-admission.ts';

/** All that the cluster holds of our launches, followed by watches: asking for it costs the API server nothing. */
export interface ClusterView {
  /** Resolves once everything was listed; rejects where the cluster cannot be reached in time. */
  synced(options: { signal: AbortSignal }): Promise<void>;
  names(): string[];
  launch(name: string): LaunchObjects;
  /** What we have just made is seen at once, without waiting for the watch. */
  note(job: V1Job): void;
  /** What we have just deleted is not seen again. */
  forget(name: string): void;
  /** Calls `listener` with the name of every launch that changes, until the answer is called. */
  onChange(listener: (name: string) => void): () => void;
  close(): Promise<void>;
}

export function createClusterView(api: ClusterApi, onError: (error: unknown) => void): ClusterView {
  const { namespace, batch, core } = api;
  const listeners = new Set<(name: string) => void>();
  const tell = (name: string) => {
    for (const listener of listeners) listener(name);
  };
  const index = createLaunchIndex(tell);
  const workloads = createWorkloadFollower(api, { onSeen: index.seeWorkload, onGone: index.loseWorkload, onError });
  const jobs = followObjects<V1Job>(api, {
    path: `/apis/batch/v1/namespaces/${namespace}/jobs`,
    list: () => batch.listNamespacedJob({ namespace, labelSelector: OURS }, callOptions()),
    labelSelector: OURS,
    onSeen(job) {
      index.seeJob(job);
      if (isQueued(job)) workloads.begin();
    },
    onGone: index.loseJob,
    onError,
  });
  const pods = followObjects<V1Pod>(api, {
    path: `/api/v1/namespaces/${namespace}/pods`,
    list: () => core.listNamespacedPod({ namespace, labelSelector: OURS }, callOptions()),
    labelSelector: OURS,
    onSeen: index.seePod,
    onGone: index.losePod,
    onError,
  });
  const refusals = followRefusals(api, { onChange: tell, onError });

  return {
    async synced({ signal }) {
      refusals.begin();
      await Promise.all([jobs.synced(signal), pods.synced(signal)]);
    },
    names: index.names,
    launch: (name) => ({ ...index.get(name), refusal: refusals.of(name) }),
    note(job) {
      if (index.get(job.metadata?.name ?? '').job === undefined) index.seeJob(job);
      if (isQueued(job)) workloads.begin();
    },
    forget: index.forget,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      await Promise.all([jobs.close(), pods.close(), refusals.close(), workloads.close()]);
    },
  };
}
