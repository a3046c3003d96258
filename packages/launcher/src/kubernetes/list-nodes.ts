import type { V1Node } from '@kubernetes/client-node';
import { type ClusterApi, callOptions, orOn } from './cluster-api.ts';

/** Every node of the cluster, as the API server remembers them; null where we may not list them. */
export async function listNodes({ core }: ClusterApi): Promise<V1Node[] | null> {
  const list = await core.listNode({ resourceVersion: '0' }, callOptions()).catch(orOn([403], null));
  return list?.items ?? null;
}
