import { PatchStrategy } from '@kubernetes/client-node';
import { type ClusterApi, callOptions, isCode } from './cluster-api.ts';
import { LABELS, OURS, STOP_ANNOTATION } from './names.ts';

/**
 * Asks the pods to end within `graceMs`, and keeps the Job from making more. The kubelets count the grace, so it ends in force whether or
 * not we are still there. Orders of events that this survives:
 * - pods made between our first deletion and the suspension: the second deletion finds them, with our grace and not their own;
 * - no pod yet: a suspended Job makes none;
 * - asked again with a shorter grace: deleting a pod that is being deleted shortens its grace.
 */
export async function stopJob(name: string, graceMs: number, { batch, core, namespace }: ClusterApi): Promise<void> {
  const gracePeriodSeconds = Math.ceil(graceMs / 1_000);
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
