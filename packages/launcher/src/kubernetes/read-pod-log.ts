import { ApiException, type V1Pod } from '@kubernetes/client-node';
import { type ClusterApi, callOptions } from './cluster-api.ts';
import { CONTAINER } from './names.ts';
import { readRankPhase } from './read-rank-phase.ts';

/** A log's end is asked for in lines, and cut to bytes here. */
const LOG_LINES = 2_000;

/** The end of the worker's output: from its node, or where the node has it no more, the last words that are kept in the pod. */
export async function readPodLog(pod: V1Pod, tailBytes: number, { core, namespace }: ClusterApi): Promise<string> {
  // Asked for the log of a pod that has no node, the API server answers nothing, which the client cannot read.
  if (pod.spec?.nodeName === undefined) return '';
  const request = { namespace, name: pod.metadata?.name ?? '', container: CONTAINER, tailLines: LOG_LINES };
  const log = await core.readNamespacedPodLog(request, callOptions()).catch((error: unknown) => {
    if (error instanceof ApiException) return readRankPhase(pod).logTail.join('\n');
    throw error;
  });
  return Buffer.from(log).subarray(-tailBytes).toString('utf8');
}
