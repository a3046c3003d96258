import type { KubernetesObject, V1Condition, V1Job } from '@kubernetes/client-node';
import { LABELS } from './names.ts';

/** Kueue's view of a Job, as far as we read it. */
export interface Workload extends KubernetesObject {
  status?: {
    conditions?: Pick<V1Condition, 'type' | 'status' | 'reason' | 'message'>[];
    admissionChecks?: { name: string; state: string; message?: string }[];
  };
}

/** Whether Kueue decides when the Job may run. */
export function isQueued(job: V1Job): boolean {
  return job.metadata?.labels?.[LABELS.queue] !== undefined;
}

/** Why Kueue has not admitted the Job yet, in Kueue's own words; null for a Job that may run, or that Kueue has no say in. */
export function describeAdmission(job: V1Job | undefined, workload: Workload | undefined): string | null {
  if (job === undefined || !isQueued(job) || !job.spec?.suspend) return null;
  const waiting = `Waiting to be admitted by the queue ${job.metadata?.labels?.[LABELS.queue]}`;
  const reserved = conditionOf(workload, 'QuotaReserved');
  if (reserved?.status === 'False') return `${waiting}: ${reserved.message}`;
  const pending = workload?.status?.admissionChecks?.filter(({ state }) => state !== 'Ready') ?? [];
  if (reserved?.status !== 'True' || pending.length === 0) return `${waiting}.`;
  return `${waiting}: ${pending.map(({ name, state, message }) => `${name} is ${state}${message ? `, ${message}` : ''}`).join('; ')}`;
}

/** Why Kueue took the quota of a Job away whose pods it ended; null where it did not. */
export function describeEviction(job: V1Job | undefined, workload: Workload | undefined): string | null {
  if (job === undefined || !isQueued(job)) return null;
  const evicted = conditionOf(workload, 'Evicted');
  if (evicted?.status === 'True') return `${evicted.reason} by Kueue: ${evicted.message}`;
  return job.spec?.suspend ? 'Kueue has suspended the Job.' : null;
}

function conditionOf(workload: Workload | undefined, type: string) {
  return workload?.status?.conditions?.find((condition) => condition.type === type);
}
