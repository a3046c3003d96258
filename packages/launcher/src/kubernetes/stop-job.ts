import { PatchStrategy, type V1Job } from '@kubernetes/client-node';
import { type ClusterApi, callOptions, isCode } from './cluster-api.ts';
import { LABELS, OURS, STOP_LABEL } from './names.ts';
import { isQueued } from './read-admission.ts';

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
  try {
    // What Kueue has admitted it would wake again. Its Job makes no pod anew either: the end of one is the end of all.
    const body = job !== undefined && isQueued(job) ? STOP_REQUEST : [...STOP_REQUEST, SUSPENSION];
    await batch.patchNamespacedJob({ namespace, name, body }, callOptions({ contentType: PatchStrategy.JsonPatch }));
  } catch (error) {
    if (isCode(error, ...NOT_OURS)) return;
    throw error;
  }
  await deletePods();
}

const [key, value] = OURS.split('=') as [string, string];
const labelPath = (label: string) => `/metadata/labels/${label.replaceAll('/', '~1')}`;
/** Takes effect on a Job of ours only. */
const STOP_REQUEST = [
  { op: 'test', path: labelPath(key), value },
  { op: 'add', path: labelPath(STOP_LABEL), value: 'true' },
];
const SUSPENSION = { op: 'add', path: '/spec/suspend', value: true };
/** There is no such Job, or it is somebody else's. */
const NOT_OURS = [404, 422];
