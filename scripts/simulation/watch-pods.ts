import { type KubeConfig, type V1Pod, Watch } from '@kubernetes/client-node';

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
  let version = '';
  let watching: AbortController | undefined;
  let isClosed = false;

  function note(pod: V1Pod): void {
    const uid = pod.metadata?.uid ?? '';
    version = pod.metadata?.resourceVersion ?? version;
    const phase = pod.status?.phase;
    if (phase === 'Running' && !running.has(uid) && !ended.has(uid)) {
      running.add(uid);
      most = Math.max(most, running.size);
      onRunning?.(pod);
    }
    if ((phase === 'Succeeded' || phase === 'Failed') && !ended.has(uid)) {
      running.delete(uid);
      ended.add(uid);
      lastEndAt = performance.now();
    }
  }

  async function follow(): Promise<void> {
    const again = () => void (isClosed || setTimeout(() => void follow(), 100));
    const query = { allowWatchBookmarks: true, ...(version === '' ? {} : { resourceVersion: version }) };
    watching = await new Watch(config).watch(
      `/api/v1/namespaces/${namespace}/pods`,
      query,
      (type, object: V1Pod) => (type === 'ERROR' ? undefined : note(object)),
      again,
    );
  }
  void follow();
  return {
    running: () => running.size,
    ended: () => ended.size,
    most: () => most,
    lastEndAt: () => lastEndAt,
    close() {
      isClosed = true;
      watching?.abort();
    },
  };
}
