import { PatchStrategy, type V1Pod } from '@kubernetes/client-node';
import { type ClusterApi, callOptions, orOn } from './cluster-api.ts';
import { RANK_FINALIZER } from './names.ts';
import type { LaunchObjects } from './observe-launch.ts';

/** It is no more; or there is another of its name. */
const GONE = [404, 409];

/** Lets go of the pods, then deletes the Job, and the cluster collects what belonged to it. Dying in between leaves a Job whose ranks have ended. */
export async function removeJob({ job, pods }: LaunchObjects, api: ClusterApi): Promise<void> {
  const { batch, namespace } = api;
  await Promise.all(pods.map((pod) => releasePod(pod, api)));
  const { name, uid } = job?.metadata ?? {};
  if (name === undefined || uid === undefined) return;
  const body = { propagationPolicy: 'Background', preconditions: { uid } };
  await batch.deleteNamespacedJob({ namespace, name, body }, callOptions()).catch(orOn(GONE, null));
}

async function releasePod({ metadata }: V1Pod, { core, namespace }: ClusterApi): Promise<void> {
  if (!metadata?.name || !metadata.finalizers?.includes(RANK_FINALIZER)) return;
  const body = { metadata: { '$deleteFromPrimitiveList/finalizers': [RANK_FINALIZER] } };
  const options = callOptions({ contentType: PatchStrategy.StrategicMergePatch });
  await core.patchNamespacedPod({ namespace, name: metadata.name, body }, options).catch(orOn(GONE, null));
}
