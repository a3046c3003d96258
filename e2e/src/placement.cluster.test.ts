import type { AttemptObject } from '@capstan/core';
import { testCluster } from '@capstan/testing';
import { CustomObjectsApi, SchedulingV1Api } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClusterPlatform, openClusterPlatform } from './cluster-platform.ts';

/** Where jobs find places, and lose them. */
const { local } = testCluster();
const KUEUE = { group: 'kueue.x-k8s.io', version: 'v1beta2' };
const apiVersion = `${KUEUE.group}/${KUEUE.version}`;

describe.runIf(local !== null)('jobs in a cluster that is full', { timeout: 300_000 }, () => {
  let place: ClusterPlatform;
  beforeAll(async () => {
    place = await openClusterPlatform();
    await place.makePool('pods');
  }, 180_000);
  afterAll(() => place.close(), 180_000);

  const attemptsOf = async (id: string) => ((await place.client.get(`/fine_tuning/jobs/${id}/attempts`)) as { data: AttemptObject[] }).data;
  const reasonsOf = async (id: string) => (await attemptsOf(id)).map(({ reason }) => reason);
  const succeeds = (id: string) => place.until(id, ({ status }) => status === 'succeeded' || status === 'failed');

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
