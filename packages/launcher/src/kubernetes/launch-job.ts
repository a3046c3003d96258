import type { V1Job } from '@kubernetes/client-node';
import type { LaunchSpec } from '../launcher.ts';
import { buildCompanions, buildJobManifest } from './build-job-manifest.ts';
import { type ClusterApi, callOptions, isCode, orOn } from './cluster-api.ts';

const EXISTS = [409];
const GONE = [404];

/**
 * Makes the Job, then what its pods need; answers the Job. A Job that is there already is left as it is, whatever became of it, so a launch that
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
    makeAnew(
      () => core.createNamespacedSecret({ namespace, body: secret }, options),
      () => core.deleteNamespacedSecret({ namespace, name: spec.name }, options),
    ),
    service &&
      makeAnew(
        () => core.createNamespacedService({ namespace, body: service }, options),
        () => core.deleteNamespacedService({ namespace, name: spec.name }, options),
      ),
  ]);
  return job;
}

/**
 * What bears the name already may belong to an earlier Job of that name, which somebody deleted, and be collected with it any moment; we may not
 * read whose it is. So it is replaced by one that is this Job's. Another who launches the same makes the same.
 */
async function makeAnew(create: () => Promise<unknown>, remove: () => Promise<unknown>): Promise<void> {
  const isThere = await create().then(
    () => false,
    (error: unknown) => {
      if (isCode(error, ...EXISTS)) return true;
      throw error;
    },
  );
  if (!isThere) return;
  await remove().catch(orOn(GONE, null));
  await create().catch(orOn(EXISTS, null));
}

function hasEnded({ status }: V1Job): boolean {
  return status?.conditions?.some(({ type, status: is }) => (type === 'Complete' || type === 'Failed') && is === 'True') ?? false;
}
