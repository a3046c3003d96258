import { poolSchema } from '@capstan/core';
import { testCluster } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ClusterPlatform, openClusterPlatform, SLOW, WORKER_IMAGE } from './cluster-platform.ts';

const { local } = testCluster();
const STEPS = 30;
const { signal } = new AbortController();

describe.runIf(local !== null)('jobs in pods of a cluster that is started here', { timeout: 300_000 }, () => {
  let place: ClusterPlatform;
  beforeAll(async () => {
    place = await openClusterPlatform();
    await place.makePool('pods');
  }, 180_000);
  afterAll(() => place.close(), 180_000);

  it('train in a pod, and go on in another from the last checkpoint when the pod is deleted', async () => {
    const id = await place.submit({ steps: STEPS });
    await place.until(id, ({ capstan }) => (capstan.progress?.step ?? 0) > 6);
    const [pod = ''] = await place.podNames();
    expect(pod.startsWith(`${id}-a1-0-`)).toBe(true);
    await place.core.deleteNamespacedPod({ namespace: place.namespace, name: pod, gracePeriodSeconds: 1 });
    const job = await place.until(id, ({ status }) => status === 'succeeded' || status === 'failed');
    expect(job).toMatchObject({ status: 'succeeded', error: null, capstan: { attempt: 2 } });
    expect(await place.trainedSteps(id)).toEqual(Array.from({ length: STEPS }, (_, index) => index + 1));
    await place.untilNoPods();
  });

  it("say what they wait for in the cluster's own words, and can be cancelled meanwhile", async () => {
    await place.makePool('huge', { gpus_per_worker: 64 });
    const id = await place.submit({ pool: 'huge' });
    const { capstan } = await place.until(id, (job) => /Unschedulable/.test(job.capstan.message ?? ''));
    expect(capstan).toMatchObject({ state: 'starting', message: expect.stringMatching(/Insufficient nvidia\.com\/gpu/) });
    await place.client.fineTuning.jobs.cancel(id);
    await place.until(id, ({ status }) => status === 'cancelled');
    await place.untilNoPods();
  });

  it('fail as OOMKilled, with advice, when a pod exceeds its memory', async () => {
    const id = await place.submit({ resources: { memory_mib: 96 }, max_attempts: 1 });
    const job = await place.until(id, ({ status }) => status === 'failed');
    expect(job.error).toMatchObject({ code: 'OOMKilled', message: expect.stringMatching(/memory limit of 96Mi/) });
  });

  it("end for good, at the pool's deadline, although the worker obeys and saves", async () => {
    await place.makePool('brief', {}, { activeDeadlineSeconds: 20 });
    const id = await place.submit({ pool: 'brief', steps: 5_000 });
    const job = await place.until(id, ({ status }) => status === 'failed');
    expect(job).toMatchObject({ error: { code: 'DeadlineExceeded' }, capstan: { attempt: 1 } });
  });

  it('are removed when no job is known for them', async () => {
    const command = ['node', '-e', 'setInterval(() => undefined, 1000)'];
    const settings = { image: WORKER_IMAGE, imagePullPolicy: 'Never', command, cpu: '50m' };
    const { launcher, client } = place;
    const { data: pools } = (await client.get('/pools')) as { data: { id: string }[] };
    expect(pools.map(({ id }) => id)).toContain('pods');
    await launcher.launch(
      {
        ...{ name: 'ftjob-stranger-a1', kind: 'train', jobId: 'ftjob-stranger', attempt: 1, epoch: 1, worldSize: 1 },
        ...{ memoryMiB: null, gpusPerWorker: 0, token: 'none', schedulerAddress: 'none:1' },
        pool: { ...poolSchema.parse({ id: 'pods', launcher: 'kubernetes', maxWorkers: 1, settings }), version: 1 },
      },
      { signal },
    );
    await vi.waitFor(async () => expect(await launcher.list({ signal })).toEqual([]), SLOW);
  });
});
