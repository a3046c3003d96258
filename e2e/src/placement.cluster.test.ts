import { fileURLToPath } from 'node:url';
import type { AttemptObject } from '@capstan/core';
import { testCluster } from '@capstan/testing';
import { AppsV1Api, CustomObjectsApi, SchedulingV1Api } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ClusterPlatform, openClusterPlatform, SLOW } from './cluster-platform.ts';

/** Where jobs find places, and lose them. The node has two GPUs. */
const { local, nodeImage } = testCluster();
const KUEUE = { group: 'kueue.x-k8s.io', version: 'v1beta2' };
const apiVersion = `${KUEUE.group}/${KUEUE.version}`;
const GANG_TIMEOUT_MS = '4000';

describe.runIf(local !== null)('jobs in a cluster that is full', { timeout: 300_000 }, () => {
  let place: ClusterPlatform;
  beforeAll(async () => {
    place = await openClusterPlatform({ GANG_TIMEOUT_MS });
    await place.makePool('pods');
  }, 180_000);
  afterAll(() => place.close(), 180_000);

  const attemptsOf = async (id: string) => ((await place.client.get(`/fine_tuning/jobs/${id}/attempts`)) as { data: AttemptObject[] }).data;
  const reasonsOf = async (id: string) => (await attemptsOf(id)).map(({ reason }) => reason);
  const succeeds = (id: string) => place.until(id, ({ status }) => status === 'succeeded' || status === 'failed');

  it('start with all their ranks or give back what some hold, which costs them nothing', async () => {
    await place.makePool('gang', { gpus_per_worker: 1 });
    await occupyOneGpu(place);
    const id = await place.submit({ pool: 'gang', resources: { workers: 2 }, max_attempts: 1, steps: 6 });
    await vi.waitFor(async () => expect(await reasonsOf(id)).toContain('GangIncomplete'), SLOW);
    const [first] = (await attemptsOf(id)).filter(({ reason }) => reason === 'GangIncomplete');
    expect(first?.message).toMatch(/^1 of 2 workers found no place within 4 s.*Insufficient nvidia\.com\/gpu/s);
    await place.core.deleteNamespacedPod({ namespace: place.namespace, name: 'occupant', gracePeriodSeconds: 0 });
    expect(await succeeds(id)).toMatchObject({ status: 'succeeded', error: null });
    expect(new Set((await reasonsOf(id)).slice(0, -1))).toEqual(new Set(['GangIncomplete']));
  });

  it('leave a node that is drained, and go on from their checkpoint when there is room again', async () => {
    const id = await place.submit();
    await place.until(id, ({ capstan }) => (capstan.progress?.step ?? 0) > 6);
    const mine = `--pod-selector=capstan.dev/job-id=${id}`;
    await place.kubectl('drain', 'node-0', mine, '--delete-emptydir-data', '--force', '--timeout=60s');
    const waiting = await place.until(id, ({ capstan }) => /unschedulable/.test(capstan.message ?? ''));
    expect(waiting.capstan).toMatchObject({ state: 'starting', attempt: 2 });
    await place.kubectl('uncordon', 'node-0');
    expect(await succeeds(id)).toMatchObject({ status: 'succeeded', capstan: { attempt: 2 } });
    expect(await place.trainedSteps(id)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
  });

  it('push aside the placeholders that keep places warm, which come back after them and go with their pool', async () => {
    await place.kubectl('apply', '--server-side', '-f', fileURLToPath(new URL('../../k8s/base/priority-classes.yaml', import.meta.url)));
    await place.makePool('warm', { gpus_per_worker: 1, min_ready: 2 }, { placeholderImage: 'localhost/pause:1' });
    const apps = place.config.makeApiClient(AppsV1Api);
    const ready = async () =>
      (await apps.listNamespacedDeployment({ namespace: place.namespace })).items.map(({ status }) => status?.readyReplicas);
    const untilReady = (...counts: number[]) => vi.waitFor(async () => expect(await ready()).toEqual(counts), SLOW);
    await untilReady(2);
    expect(await place.client.get('/pools/warm')).toMatchObject({ capacity: { slots: 2, nodes: 1, closed_nodes: 0 } });
    const id = await place.submit({ pool: 'warm', steps: 6 });
    expect(await succeeds(id)).toMatchObject({ status: 'succeeded', capstan: { attempt: 1 } });
    await untilReady(2);
    await place.client.patch('/pools/warm', { body: { min_ready: 0 } });
    await untilReady();
  });

  it("wait in a queue of Kueue with Kueue's words, run once admitted, and come back when a higher priority takes their place", async () => {
    await makeQueue(place);
    await place.makePool('team', {}, { queueName: 'team' });
    await place.makePool('urgent', {}, { queueName: 'team', priorityClassName: 'urgent' });
    const low = await place.submit({ pool: 'team', steps: 40, max_attempts: 1 });
    await place.until(low, ({ capstan }) => (capstan.progress?.step ?? 0) > 6);
    const behind = await place.submit({ pool: 'team', steps: 6 });
    const { capstan } = await place.until(behind, (job) => /insufficient unused quota/.test(job.capstan.message ?? ''));
    expect(capstan).toMatchObject({ state: 'starting', message: expect.stringMatching(/^Waiting to be admitted by the queue team: /) });
    await place.client.fineTuning.jobs.cancel(behind);
    const high = await place.submit({ pool: 'urgent', steps: 6 });
    expect(await succeeds(high)).toMatchObject({ status: 'succeeded', capstan: { attempt: 1 } });
    expect(await succeeds(low)).toMatchObject({ status: 'succeeded', error: null });
    expect((await reasonsOf(low))[0]).toBe('Preempted');
    expect(await place.trainedSteps(low)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    expect((await place.retrieve(behind)).status).toBe('cancelled');
  });
});

async function occupyOneGpu({ core, namespace }: ClusterPlatform): Promise<void> {
  const container = {
    ...{ name: 'occupant', image: nodeImage, imagePullPolicy: 'Never', command: ['node', '-e', 'setInterval(() => undefined, 1000)'] },
    resources: { limits: { 'nvidia.com/gpu': '1' } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
  const securityContext = { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } };
  const spec = { containers: [container], securityContext, terminationGracePeriodSeconds: 0 };
  await core.createNamespacedPod({ namespace, body: { metadata: { name: 'occupant' }, spec } });
  await vi.waitFor(async () => {
    expect((await core.readNamespacedPod({ namespace, name: 'occupant' })).status?.phase).toBe('Running');
  }, SLOW);
}

/** A queue with room for one worker, in which a higher priority takes the place of a lower one. */
async function makeQueue({ config, namespace }: ClusterPlatform): Promise<void> {
  const custom = config.makeApiClient(CustomObjectsApi);
  const flavor = { apiVersion, kind: 'ResourceFlavor', metadata: { name: namespace } };
  await custom.createClusterCustomObject({ ...KUEUE, plural: 'resourceflavors', body: flavor });
  const resources = [
    { name: 'cpu', nominalQuota: '150m' },
    { name: 'memory', nominalQuota: '100Gi' },
  ];
  const spec = {
    namespaceSelector: {},
    preemption: { withinClusterQueue: 'LowerPriority' },
    resourceGroups: [{ coveredResources: ['cpu', 'memory'], flavors: [{ name: namespace, resources }] }],
  };
  const all = { apiVersion, kind: 'ClusterQueue', metadata: { name: namespace }, spec };
  await custom.createClusterCustomObject({ ...KUEUE, plural: 'clusterqueues', body: all });
  const local = { apiVersion, kind: 'LocalQueue', metadata: { name: 'team' }, spec: { clusterQueue: namespace } };
  await custom.createNamespacedCustomObject({ ...KUEUE, namespace, plural: 'localqueues', body: local });
  const priority = { metadata: { name: 'urgent' }, value: 1_000, preemptionPolicy: 'Never' };
  await config.makeApiClient(SchedulingV1Api).createPriorityClass({ body: priority });
}
