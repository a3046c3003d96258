import type { LaunchSpec } from '../launcher.ts';

/** All that we make carries it, and nothing that lacks it is ever touched. */
export const OURS = 'app.kubernetes.io/managed-by=capstan';

export const LABELS = {
  name: 'capstan.dev/launch',
  kind: 'capstan.dev/kind',
  jobId: 'capstan.dev/job-id',
  attempt: 'capstan.dev/attempt',
  epoch: 'capstan.dev/epoch',
  pool: 'capstan.dev/pool',
  rank: 'batch.kubernetes.io/job-completion-index',
  queue: 'kueue.x-k8s.io/queue-name',
} as const;

/** Keeps the pod of a rank that has ended until its end is recorded: a pod that is deleted, evicted or drained would else take its exit status with it. */
export const RANK_FINALIZER = 'capstan.dev/rank-recorded';
/** On the Job, from the moment that we were asked to stop it. */
export const STOP_LABEL = 'capstan.dev/stop-requested';
export const CONTAINER = 'worker';

/** The labels of everything that belongs to one launch, by Kubernetes' recommended names and ours. */
export function launchLabels({ name, kind, jobId, attempt, epoch, pool }: LaunchSpec): Record<string, string> {
  return {
    'app.kubernetes.io/name': 'capstan-worker',
    'app.kubernetes.io/instance': name,
    'app.kubernetes.io/component': kind === 'train' ? 'trainer' : 'server',
    'app.kubernetes.io/part-of': 'capstan',
    'app.kubernetes.io/managed-by': 'capstan',
    [LABELS.name]: name,
    [LABELS.kind]: kind,
    [LABELS.jobId]: jobId,
    [LABELS.attempt]: String(attempt),
    [LABELS.epoch]: String(epoch),
    [LABELS.pool]: pool.id,
  };
}
