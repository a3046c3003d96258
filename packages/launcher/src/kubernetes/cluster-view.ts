import { UnavailableError } from '@capstan/core';
import { type KubernetesListObject, type KubernetesObject, ListWatch, type V1Job, type V1Pod, Watch } from '@kubernetes/client-node';
import { type ClusterApi, callOptions } from './cluster-api.ts';
import { LABELS, OURS } from './names.ts';
import type { LaunchObjects } from './observe-launch.ts';

/** All that the cluster holds of our launches, followed by two watches: asking for it costs the API server nothing. */
export interface ClusterView {
  /** Resolves once everything was listed; rejects where the cluster cannot be reached in time. */
  synced(options: { signal: AbortSignal }): Promise<void>;
  names(): string[];
  launch(name: string): LaunchObjects;
  /** What we have just made is seen at once, without waiting for the watch. */
  note(job: V1Job): void;
  /** What we have just deleted is not seen again, even where the watch still speaks of it. */
  forget(name: string): void;
  /** Calls `listener` with the name of every launch that changes, until the answer is called. */
  onChange(listener: (name: string) => void): () => void;
  close(): Promise<void>;
}

const SYNC_TIMEOUT_MS = 15_000;
const RESTART_MS = 1_000;

interface Launch {
  job: V1Job | undefined;
  pods: Map<string, V1Pod>;
}

export function createClusterView(api: ClusterApi, onError: (error: unknown) => void): ClusterView {
  const launches = new Map<string, Launch>();
  const listeners = new Set<(name: string) => void>();
  /** Jobs that we deleted and pods that we let go, until the watch has seen them go. */
  const forgotten = new Set<string>();

  function change(object: KubernetesObject, apply: (launch: Launch) => void): void {
    const name = object.metadata?.labels?.[LABELS.name];
    if (name === undefined) return;
    const launch = launches.get(name) ?? { job: undefined, pods: new Map() };
    apply(launch);
    if (launch.job === undefined && launch.pods.size === 0) launches.delete(name);
    else launches.set(name, launch);
    for (const listener of listeners) listener(name);
  }

  const seeJob = (job: V1Job) => {
    if (!forgotten.has(uidOf(job))) change(job, (launch) => Object.assign(launch, { job }));
  };
  const seePod = (pod: V1Pod) => {
    if (!forgotten.has(uidOf(pod))) change(pod, (launch) => launch.pods.set(nameOf(pod), pod));
  };
  const jobs = follow<V1Job>(api, {
    path: `/apis/batch/v1/namespaces/${api.namespace}/jobs`,
    list: () => api.batch.listNamespacedJob({ namespace: api.namespace, labelSelector: OURS }, callOptions()),
    onSeen: seeJob,
    onGone(job) {
      forgotten.delete(uidOf(job));
      change(job, (launch) => Object.assign(launch, { job: undefined }));
    },
    onError,
  });
  const pods = follow<V1Pod>(api, {
    path: `/api/v1/namespaces/${api.namespace}/pods`,
    list: () => api.core.listNamespacedPod({ namespace: api.namespace, labelSelector: OURS }, callOptions()),
    onSeen: seePod,
    onGone(pod) {
      forgotten.delete(uidOf(pod));
      change(pod, (launch) => launch.pods.delete(nameOf(pod)));
    },
    onError,
  });

  return {
    async synced({ signal }) {
      await Promise.all([jobs.synced(signal), pods.synced(signal)]);
    },
    names: () => [...launches.keys()],
    launch(name) {
      const launch = launches.get(name);
      return { job: launch?.job, pods: [...(launch?.pods.values() ?? [])] };
    },
    note: (job) => (launches.get(job.metadata?.name ?? '')?.job === undefined ? seeJob(job) : undefined),
    forget(name) {
      const launch = launches.get(name);
      for (const object of [launch?.job, ...(launch?.pods.values() ?? [])]) if (object !== undefined) forgotten.add(uidOf(object));
      launches.delete(name);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      await Promise.all([jobs.close(), pods.close()]);
    },
  };
}

interface FollowOptions<T extends KubernetesObject> {
  path: string;
  list: () => Promise<KubernetesListObject<T>>;
  onSeen: (object: T) => void;
  onGone: (object: T) => void;
  onError: (error: unknown) => void;
}

/** Lists, then watches from there; a watch that breaks is resumed where it was, or lists again where the server has forgotten that far back. */
function follow<T extends KubernetesObject>(api: ClusterApi, { path, list, onSeen, onGone, onError }: FollowOptions<T>) {
  const informer = new ListWatch<T>(path, new Watch(api.config), list, false, OURS);
  const closing = new AbortController();
  let resolve = () => {};
  const firstSync = new Promise<void>((done) => {
    resolve = done;
  });
  let restart: NodeJS.Timeout | undefined;
  let hasStarted = false;
  informer.on('add', (object) => onSeen(trim(object)));
  informer.on('update', (object) => onSeen(trim(object)));
  informer.on('delete', onGone);
  informer.on('error', (error) => {
    if (closing.signal.aborted) return;
    onError(error);
    clearTimeout(restart);
    restart = setTimeout(() => void start(), RESTART_MS);
  });

  async function start(): Promise<void> {
    await informer.start().catch(onError);
    if (informer.latestResourceVersion() !== '') resolve();
  }

  return {
    async synced(signal: AbortSignal) {
      if (!hasStarted) void start();
      hasStarted = true;
      const late = AbortSignal.any([signal, AbortSignal.timeout(SYNC_TIMEOUT_MS)]);
      await untilAborted(firstSync, late).catch((cause: unknown) => {
        if (signal.aborted) throw signal.reason;
        throw new UnavailableError('The Kubernetes API server cannot be reached.', { cause });
      });
    },
    async close() {
      closing.abort();
      clearTimeout(restart);
      await informer.stop();
    },
  };
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Who wrote which field is a third of an object, and nothing to us. */
function trim<T extends KubernetesObject>(object: T): T {
  if (object.metadata) delete object.metadata.managedFields;
  return object;
}

function uidOf({ metadata }: KubernetesObject): string {
  return metadata?.uid ?? '';
}

function nameOf({ metadata }: KubernetesObject): string {
  return metadata?.name ?? '';
}
