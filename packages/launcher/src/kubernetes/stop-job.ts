import { PatchStrategy, type V1Job } from '@kubernetes/client-node';
import { type ClusterApi, callOptions, isCode } from './cluster-api.ts';
import { LABELS, OURS, STOP_ANNOTATION } from './names.ts';

/** Zero means "forget it at once" to the API server, and to a kubelet that still holds the pod "take your time". */
const SHORTEST_GRACE_SECONDS = 1;

/**
 * Asks the pods to end within `graceMs`, and keeps the Job from making more. The kubelets count the grace, so it ends in force whether or
 * not we are still there. Orders of events that this survives:
 * - pods made between our first deletion and the suspension: the second deletion finds them, with our grace and not their own;
 * - no pod yet: a suspended Job makes none.
 * A kubelet that has begun to wait cannot be hurried, so no grace is longer than the pool's own: then a second wish comes late at worst.
 */
export async function stopJob(name: string, graceMs: number, { job, api }: { job: V1Job | undefined; api: ClusterApi }): Promise<void> {
  const { batch, core, namespace } = api;
  const longest = job?.spec?.template.spec?.terminationGracePeriodSeconds ?? Number.POSITIVE_INFINITY;
  const gracePeriodSeconds = Math.max(SHORTEST_GRACE_SECONDS, Math.min(longest, Math.ceil(graceMs / 1_000)));
  const labelSelector = `${LABELS.name}=${name},${OURS}`;
  const deletePods = () => core.deleteCollectionNamespacedPod({ namespace, labelSelector, gracePeriodSeconds }, callOptions());
  await deletePods();
  const body = { metadata: { annotations: { [STOP_ANNOTATION]: 'true' } }, spec: { suspend: true } };
  try {
    await batch.patchNamespacedJob({ namespace, name, body }, callOptions({ contentType: PatchStrategy.MergePatch }));
  } catch (error) {
    if (isCode(error, 404)) return;
    throw error;
  }
  await deletePods();
}
