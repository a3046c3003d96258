import type { KubeConfig, V1Pod } from '@kubernetes/client-node';
import { followObjects } from './follow-objects.ts';

/** What became of the pods of one namespace, as an observer sees it who watches and does nothing else. */
export interface PodWatch {
  /** Pods that run now, that have ended, and the most that ran at once. */
  running(): number;
  ended(): number;
  most(): number;
  /** When the last of them ended so far, on this process's clock. */
  lastEndAt(): number;
  close(): void;
}

export interface PodWatchOptions {
  namespace: string;
  onRunning?: (pod: V1Pod) => void;
}

/** Watches from now on, for a namespace that is empty. Counts a pod once, however often it is told of. */
export function watchPods(config: KubeConfig, { namespace, onRunning }: PodWatchOptions): PodWatch {
  const running = new Set<string>();
  const ended = new Set<string>();
  let most = 0;
  let lastEndAt = 0;

  function note(type: string, { metadata, status }: V1Pod): void {
    const uid = metadata?.uid ?? '';
    if (ended.has(uid)) return;
    if (type === 'DELETED' || status?.phase === 'Succeeded' || status?.phase === 'Failed') {
      running.delete(uid);
      ended.add(uid);
      lastEndAt = performance.now();
    } else if (status?.phase === 'Running') running.add(uid);
    most = Math.max(most, running.size);
  }

  const close = followObjects<V1Pod>(config, `/api/v1/namespaces/${namespace}/pods`, (type, pod) => {
    const before = running.size;
    note(type, pod);
    if (running.size > before) onRunning?.(pod);
  });
  return { running: () => running.size, ended: () => ended.size, most: () => most, lastEndAt: () => lastEndAt, close };
}
