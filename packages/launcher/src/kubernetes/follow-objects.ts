import { UnavailableError } from '@capstan/core';
import { type KubernetesListObject, type KubernetesObject, ListWatch, Watch } from '@kubernetes/client-node';
import type { ClusterApi } from './cluster-api.ts';

export interface FollowOptions<T extends KubernetesObject> {
  path: string;
  list: () => Promise<KubernetesListObject<T>>;
  /** Which of the objects; all of them where there is none. */
  labelSelector?: string;
  fieldSelector?: string;
  onSeen: (object: T) => void;
  onGone: (object: T) => void;
  onError: (error: unknown) => void;
}

export interface Following {
  /** Begins, the first time, and does not wait for it. */
  begin(): void;
  /** Begins, the first time; resolves once everything was listed, and rejects where that takes too long. */
  synced(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

const SYNC_TIMEOUT_MS = 15_000;
const RESTART_MS = 1_000;

/** Lists, then watches from there; a watch that breaks goes on where it was, or lists again where the server has forgotten that far back. */
export function followObjects<T extends KubernetesObject>(api: ClusterApi, options: FollowOptions<T>): Following {
  const { path, list, labelSelector, fieldSelector, onSeen, onGone, onError } = options;
  const informer = new ListWatch<T>(path, new Watch(api.config), list, false, labelSelector, fieldSelector);
  const closing = new AbortController();
  const first = makeLatch();
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
    if (informer.latestResourceVersion() !== '') first.open();
  }

  function begin(): void {
    if (!hasStarted) void start();
    hasStarted = true;
  }

  return {
    begin,
    async synced(signal) {
      begin();
      const late = AbortSignal.any([signal, AbortSignal.timeout(SYNC_TIMEOUT_MS)]);
      await untilAborted(first.opened, late).catch((cause: unknown) => {
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

function makeLatch(): { opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
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
