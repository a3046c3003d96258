import { CustomObjectsApi, type KubernetesListObject } from '@kubernetes/client-node';
import { type ClusterApi, callOptions, isCode } from './cluster-api.ts';
import { type Following, type FollowOptions, followObjects } from './follow-objects.ts';
import type { Workload } from './read-admission.ts';

const GROUP = 'kueue.x-k8s.io';
/** The newest first; what we read of a Workload is the same in both. */
const VERSIONS = ['v1beta2', 'v1beta1'];

export interface WorkloadFollower {
  /** From the first Job on that names a queue; a cluster without such Jobs is never asked for Workloads. Again is once. */
  begin(): void;
  close(): Promise<void>;
}

/** Follows what Kueue says. Its Workloads carry no label of ours, but they lie in the workers' namespace, and name the Job that they are for. */
export function createWorkloadFollower(
  api: ClusterApi,
  options: Pick<FollowOptions<Workload>, 'onSeen' | 'onGone' | 'onError'>,
): WorkloadFollower {
  const closing = new AbortController();
  let following: Promise<Following | null> | null = null;

  async function follow(): Promise<Following | null> {
    const version = await findVersion(api);
    if (version === null) {
      options.onError(new Error(`The cluster has no Workloads of ${GROUP}: what waits for a queue there waits for ever.`));
      return null;
    }
    const path = `/apis/${GROUP}/${version}/namespaces/${api.namespace}/workloads`;
    const workloads = followObjects<Workload>(api, { ...options, path, list: () => listWorkloads(api, version) });
    void workloads.synced(closing.signal).catch((error: unknown) => void (closing.signal.aborted || options.onError(error)));
    return workloads;
  }

  return {
    begin() {
      following ??= follow().catch((error: unknown) => {
        options.onError(error);
        // The next Job tries again.
        following = null;
        return null;
      });
    },
    async close() {
      closing.abort();
      await (await following)?.close();
    },
  };
}

async function findVersion(api: ClusterApi): Promise<string | null> {
  for (const version of VERSIONS) {
    const isThere = await listWorkloads(api, version, 1).then(
      () => true,
      (error: unknown) => {
        if (isCode(error, 404)) return false;
        throw error;
      },
    );
    if (isThere) return version;
  }
  return null;
}

function listWorkloads({ config, namespace }: ClusterApi, version: string, limit?: number): Promise<KubernetesListObject<Workload>> {
  const custom = config.makeApiClient(CustomObjectsApi);
  const request = { group: GROUP, version, namespace, plural: 'workloads', ...(limit === undefined ? {} : { limit }) };
  return custom.listNamespacedCustomObject(request, callOptions());
}
