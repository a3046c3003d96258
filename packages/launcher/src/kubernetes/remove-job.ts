import { PatchStrategy, type V1Pod } from '@kubernetes/client-node';
import { type ClusterApi, callOptions, orOn } from './cluster-api.ts';
import type { Limit } from './limit.ts';
import { LABELS, OURS, RANK_FINALIZER } from './names.ts';
import type { LaunchObjects } from './observe-launch.ts';

/** It is no more; or there is another of its name. */
const GONE = [404, 409];
/** Jobs that one request deletes: one after the other, all within its time even where a busy API server takes a second for each. */
const LARGEST_BATCH = 24;

/** Removes a launch; those that are removed while the API server is busy with earlier ones share one call. */
export type RemoveJob = (name: string, objects: LaunchObjects) => Promise<void>;

/**
 * Lets go of the pods, then deletes the Job, and the cluster collects what belonged to it. Dying in between leaves a Job whose ranks have
 * ended. A name is never launched again after its end, so the Job that bears it is the one that was looked at.
 */
export function createJobRemover(api: ClusterApi, limit: Limit): RemoveJob {
  const deleteJob = gatherDeletions((names) => deleteJobs(names, api));
  return async (name, { job, pods }) => {
    await Promise.all(pods.map((pod) => limit(() => releasePod(pod, api))));
    if (job !== undefined) await deleteJob(name);
  };
}

async function deleteJobs(names: string[], { batch, namespace }: ClusterApi): Promise<void> {
  const labelSelector = `${LABELS.name} in (${names.join(',')}),${OURS}`;
  await batch.deleteCollectionNamespacedJob({ namespace, labelSelector, propagationPolicy: 'Background' }, callOptions());
}

async function releasePod({ metadata }: V1Pod, { core, namespace }: ClusterApi): Promise<void> {
  if (!metadata?.name || !metadata.finalizers?.includes(RANK_FINALIZER)) return;
  const body = { metadata: { '$deleteFromPrimitiveList/finalizers': [RANK_FINALIZER] } };
  const options = callOptions({ contentType: PatchStrategy.StrategicMergePatch });
  await core.patchNamespacedPod({ namespace, name: metadata.name, body }, options).catch(orOn(GONE, null));
}

interface Waiting {
  name: string;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** A name that comes alone does not wait; those that come while a call is under way go together into the next. */
function gatherDeletions(deleteAll: (names: string[]) => Promise<void>): (name: string) => Promise<void> {
  const waiting: Waiting[] = [];
  let isBusy = false;

  async function work(): Promise<void> {
    isBusy = true;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, LARGEST_BATCH);
      const failure = await deleteAll(batch.map(({ name }) => name)).then(
        () => null,
        (cause: unknown) => ({ cause }),
      );
      for (const { resolve, reject } of batch) {
        if (failure === null) resolve();
        else reject(failure.cause);
      }
    }
    isBusy = false;
  }

  return (name) =>
    new Promise((resolve, reject) => {
      waiting.push({ name, resolve, reject });
      if (!isBusy) void work();
    });
}
