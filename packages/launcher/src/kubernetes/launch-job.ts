import type { V1Job } from '@kubernetes/client-node';
import type { LaunchSpec } from '../launcher.ts';
import { buildCompanions, buildJobManifest } from './build-job-manifest.ts';
import { type ClusterApi, callOptions, isCode, orOn } from './cluster-api.ts';

const EXISTS = [409];

/**
 * Makes the Job, then what its pods need; answers the Job. What is there already is left as it is, whatever became of it, so a launch that
 * was cut off can be finished by anybody: until then its pods wait for their Secret.
 */
export async function launchJob(spec: LaunchSpec, { batch, core, namespace }: ClusterApi, signal: AbortSignal): Promise<V1Job> {
  const options = callOptions({ signal });
  const manifest = buildJobManifest(spec, spec.pool);
  const job = await batch.createNamespacedJob({ namespace, body: manifest }, options).catch((error: unknown) => {
    if (!isCode(error, ...EXISTS)) throw error;
    return batch.readNamespacedJob({ namespace, name: spec.name }, options);
  });
  if (hasEnded(job)) return job;
  const { secret, service } = buildCompanions(spec, job);
  await Promise.all([
    core.createNamespacedSecret({ namespace, body: secret }, options).catch(orOn(EXISTS, null)),
    service && core.createNamespacedService({ namespace, body: service }, options).catch(orOn(EXISTS, null)),
  ]);
  return job;
}

function hasEnded({ status }: V1Job): boolean {
  return status?.conditions?.some(({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True') ?? false;
}
