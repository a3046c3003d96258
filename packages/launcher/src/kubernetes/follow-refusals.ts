import type { CoreV1Event } from '@kubernetes/client-node';
import { type ClusterApi, callOptions } from './cluster-api.ts';
import { type Following, followObjects } from './follow-objects.ts';

/** A Job for which no pod can be made, because of a quota or an admission, shows it in its events alone. */
const REFUSALS = 'involvedObject.kind=Job,reason=FailedCreate';

export interface Refusals extends Pick<Following, 'begin' | 'close'> {
  /** Why the cluster makes no pod for the Job of this name, as it last said. */
  of(name: string): string | undefined;
}

export function followRefusals(
  api: ClusterApi,
  { onChange, onError }: { onChange: (name: string) => void; onError: (error: unknown) => void },
): Refusals {
  const newest = new Map<string, CoreV1Event>();
  const { core, namespace } = api;
  const following = followObjects<CoreV1Event>(api, {
    path: `/api/v1/namespaces/${namespace}/events`,
    list: () => core.listNamespacedEvent({ namespace, fieldSelector: REFUSALS }, callOptions()),
    fieldSelector: REFUSALS,
    onSeen(event) {
      newest.set(nameOf(event), event);
      onChange(nameOf(event));
    },
    onGone(event) {
      if (newest.get(nameOf(event))?.metadata.uid === event.metadata.uid) newest.delete(nameOf(event));
    },
    onError,
  });
  return { begin: following.begin, close: following.close, of: (name) => newest.get(name)?.message };
}

function nameOf({ involvedObject }: CoreV1Event): string {
  return involvedObject.name ?? '';
}
