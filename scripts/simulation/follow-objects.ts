import { type KubeConfig, type KubernetesObject, Watch } from '@kubernetes/client-node';

const AGAIN_AFTER_MS = 100;

/**
 * Tells of every object at `path`, those that are there and every change, until the answer is called. A watch that breaks goes on where it was,
 * and begins with what is there where the API server has forgotten that far back: who listens is told some things twice, and of an object that
 * went in between nothing.
 */
export function followObjects<T extends KubernetesObject>(
  config: KubeConfig,
  path: string,
  onEvent: (type: string, object: T) => void,
): () => void {
  let version = '';
  let watching: AbortController | undefined;
  let isClosed = false;

  function tell(type: string, object: T): void {
    // Its object is a Status: the version that we asked for is gone.
    if (type === 'ERROR') version = '';
    else version = object.metadata?.resourceVersion ?? version;
    if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') onEvent(type, object);
  }

  async function follow(): Promise<void> {
    const query = { allowWatchBookmarks: true, ...(version === '' ? {} : { resourceVersion: version }) };
    watching = await new Watch(config).watch(path, query, tell, again);
  }

  function again(): void {
    if (!isClosed) setTimeout(() => void follow().catch(again), AGAIN_AFTER_MS);
  }

  void follow().catch(again);
  return () => {
    isClosed = true;
    watching?.abort();
  };
}
