import { join } from 'node:path';
import { repositoryRoot } from '../images/app-files.ts';
import type { Kubectl } from './kubectl.ts';
import { makeCertificateSecret } from './make-certificate.ts';

const OVERLAY = join(repositoryRoot, 'k8s/overlays/dev');
const NAMESPACES = join(repositoryRoot, 'k8s/base/namespaces.yaml');
const READY_WITHIN = '--timeout=300s';
/** What lies in no namespace. */
const CLUSTER_WIDE = 'clusterrole,clusterrolebinding,priorityclass';
export const WORKLOADS = ['statefulset/postgres', 'deployment/redis', 'deployment/scheduler', 'deployment/api'];

/** Applies the overlay `dev` and waits until everything in it is ready; applying it again changes what has changed. */
export async function installPlatform(kubectl: Kubectl): Promise<void> {
  await kubectl(['apply', '--server-side', '-f', NAMESPACES]);
  if (!(await has(kubectl, 'secret/capstan-grpc-tls')))
    await kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(await makeCertificateSecret()));
  await kubectl(['delete', 'job', 'migrate', '--namespace', 'capstan', '--ignore-not-found']);
  await applyManifests(kubectl);
  for (const workload of WORKLOADS) await awaitRollout(kubectl, workload);
  await kubectl(['wait', '--for=condition=complete', 'job/migrate', '--namespace', 'capstan', READY_WITHIN]);
}

export async function applyManifests(kubectl: Kubectl): Promise<void> {
  await kubectl(['apply', '--server-side', '--force-conflicts', '-k', OVERLAY]);
}

export async function awaitRollout(kubectl: Kubectl, workload: string): Promise<void> {
  await kubectl(['rollout', 'status', workload, '--namespace', 'capstan', READY_WITHIN]);
}

/** Takes the platform out of a cluster that stays. */
export async function removePlatform(kubectl: Kubectl): Promise<void> {
  await kubectl(['delete', 'deployment', 'scheduler', '--namespace', 'capstan', '--ignore-not-found']);
  await kubectl(['delete', 'namespace', 'capstan', 'capstan-workers', '--ignore-not-found', '--wait=false']);
  await releaseRanks(kubectl);
  await kubectl(['wait', '--for=delete', 'namespace/capstan', 'namespace/capstan-workers', '--timeout=120s']);
  await kubectl(['delete', CLUSTER_WIDE, '--selector', 'app.kubernetes.io/part-of=capstan']);
}

/** Takes from every rank's pod the finalizer by which it waits until its end is recorded: for when nobody is left who may do so. */
export async function releaseRanks(kubectl: Kubectl): Promise<void> {
  const pods = await kubectl(['get', 'pods', '--namespace', 'capstan-workers', '--output', 'name']);
  const release = ['--type', 'merge', '--patch', '{"metadata":{"finalizers":null}}'];
  for (const pod of pods.split('\n').filter(Boolean)) await kubectl(['patch', pod, '--namespace', 'capstan-workers', ...release]);
}

/** Where this machine reaches the API's Service; null where the cluster's addresses are not this machine's. */
export async function reachApi(kubectl: Kubectl): Promise<string | null> {
  const address = await kubectl(['get', 'service', 'api', '--namespace', 'capstan', '--output', 'jsonpath={.spec.clusterIP}']);
  const url = `http://${address}`;
  const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) }).catch(() => null);
  return answer?.ok === true ? url : null;
}

async function has(kubectl: Kubectl, object: string): Promise<boolean> {
  return (await kubectl(['get', object, '--namespace', 'capstan', '--ignore-not-found', '--output', 'name'])) !== '';
}
