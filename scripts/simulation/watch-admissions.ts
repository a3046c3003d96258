import type { KubeConfig, KubernetesObject } from '@kubernetes/client-node';
import { followObjects } from './follow-objects.ts';

/** Kueue's Workloads of one namespace: how many there are, and when they were admitted. */
export interface AdmissionWatch {
  made(): number;
  admitted(): number;
  /**
   * When the last of them was written down: Kueue decides in memory, stamps the condition with that, and writes it later; Capstan's ledger has no
   * reservation before it is written either.
   */
  lastAdmissionAt(): number;
  close(): void;
}

interface Workload extends KubernetesObject {
  status?: { conditions?: { type: string; status: string }[] };
}

/** By a watch: a list of thousands of Workloads is more than a busy API server answers in time. */
export function watchAdmissions(config: KubeConfig, namespace: string): AdmissionWatch {
  const made = new Set<string>();
  const admittedAt = new Map<string, number>();
  const path = `/apis/kueue.x-k8s.io/v1beta2/namespaces/${namespace}/workloads`;
  const close = followObjects<Workload>(config, path, (_type, workload) => {
    const name = workload.metadata?.name ?? '';
    made.add(name);
    const isReserved = workload.status?.conditions?.some(({ type, status }) => type === 'QuotaReserved' && status === 'True');
    if (isReserved && !admittedAt.has(name)) admittedAt.set(name, writtenAt(workload));
  });
  return {
    made: () => made.size,
    admitted: () => admittedAt.size,
    lastAdmissionAt: () => [...admittedAt.values()].reduce((last, at) => Math.max(last, at), 0),
    close,
  };
}

/** When the API server wrote this version, in whole seconds. */
function writtenAt({ metadata }: KubernetesObject): number {
  return Math.max(...(metadata?.managedFields ?? []).map(({ time }) => new Date(time ?? 0).getTime()));
}
