import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { testCluster } from '@capstan/testing';
import { BatchV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeLaunchSpec, untilLog, type WorkerBehaviour, waitFor } from '../conformance.ts';
import type { RankObservation } from '../launcher.ts';
import { type KubernetesHarness, openKubernetesHarness } from '../testing/kubernetes-harness.ts';
import { buildJobManifest } from './build-job-manifest.ts';
import { openClusterApi } from './cluster-api.ts';
import type { KubernetesLauncher } from './create-kubernetes-launcher.ts';

const run = promisify(execFile);
const { signal } = new AbortController();

describe('a rank in a pod', () => {
  let harness: KubernetesHarness;
  let launcher: KubernetesLauncher;
  beforeEach(async () => {
    harness = await openKubernetesHarness();
    launcher = harness.createLauncher();
  });
  afterEach(() => harness.close());

  const batch = () => {
    const config = new KubeConfig();
    config.loadFromFile(testCluster().kubeconfig);
    return config.makeApiClient(BatchV1Api);
  };
  const makeSpec = (behaviour: WorkerBehaviour, settings: Record<string, unknown> = {}) =>
    makeLaunchSpec(behaviour, { pool: { ...harness.pool, settings: { ...harness.pool.settings, ...settings } } });
  const until = (isReached: (rank: RankObservation) => boolean) =>
    waitFor(
      () => launcher.list({ signal }),
      (ranks) => ranks.length > 0 && ranks.every(isReached),
      harness.waitMs,
    );
  async function launchLiving() {
    const spec = makeSpec('polite');
    await launcher.launch(spec, { signal });
    await untilLog(launcher, { name: spec.name, rank: 0 }, /ready/, harness.waitMs);
    const { items } = await harness.core.listNamespacedPod({ namespace: harness.namespace });
    return { ...spec, pod: items[0]?.metadata?.name ?? '' };
  }

  it("that no node suits is pending, with the scheduler's own words, and can be stopped and removed", async () => {
    await launcher.launch({ ...makeSpec('succeed'), gpusPerWorker: 64 }, { signal });
    const [rank] = await until(({ message }) => message !== null);
    expect(rank).toMatchObject({ phase: 'pending', node: null });
    expect(rank?.message).toMatch(/^Unschedulable: \d+\/\d+ nodes are available.*nvidia\.com\/gpu/);
    expect(await launcher.readLog(rank?.name ?? '', 0, { tailBytes: 100 })).toBe('');
    await launcher.stop(rank?.name ?? '', { graceMs: 0 });
    await until(({ phase }) => phase === 'failed');
    await launcher.remove(rank?.name ?? '');
    expect(await launcher.list({ signal })).toEqual([]);
  });

  it('whose image cannot be had at all has failed as ImagePullFailed', async () => {
    await launcher.launch(makeSpec('succeed', { image: 'localhost/nothing:none', imagePullPolicy: 'Never' }), { signal });
    const [rank] = await until(({ phase }) => phase === 'failed');
    expect(rank).toMatchObject({ reason: 'ImagePullFailed', message: expect.stringMatching(/^ErrImageNeverPull/) });
  });

  it('says where it runs, and that its pod was deleted by somebody else', async () => {
    const { pod } = await launchLiving();
    const [running] = await until(({ phase }) => phase === 'running');
    expect(running?.node).not.toBeNull();
    await harness.core.deleteNamespacedPod({ namespace: harness.namespace, name: pod, gracePeriodSeconds: 1 });
    const [ended] = await until(({ phase }) => phase === 'succeeded' || phase === 'failed');
    expect(ended).toMatchObject({ phase: 'succeeded', exitCode: 0, node: running?.node });
  });

  it('that is drained ends as Evicted when it does not obey', async () => {
    const spec = makeSpec('stubborn', { terminationGracePeriodSeconds: 1 });
    await launcher.launch(spec, { signal });
    await untilLog(launcher, { name: spec.name, rank: 0 }, /ready/, harness.waitMs);
    const { items } = await harness.core.listNamespacedPod({ namespace: harness.namespace });
    const name = items[0]?.metadata?.name ?? '';
    await harness.core.createNamespacedPodEviction({ namespace: harness.namespace, name, body: { metadata: { name } } });
    const [rank] = await until(({ phase }) => phase === 'failed');
    expect(rank).toMatchObject({ reason: 'Evicted', exitCode: 137 });
  });

  it('whose Job was deleted ends, is still seen, and can be removed', async () => {
    const { name } = await launchLiving();
    await batch().deleteNamespacedJob({ namespace: harness.namespace, name, propagationPolicy: 'Background' });
    await until(({ phase }) => phase === 'succeeded');
    await launcher.remove(name);
    expect(await launcher.list({ signal })).toEqual([]);
  });

  it('leaves nothing behind once it is removed', async () => {
    const spec = { ...makeSpec('succeed'), worldSize: 2 };
    await launcher.launch(spec, { signal });
    await until(({ phase }) => phase === 'succeeded');
    const { core, namespace } = harness;
    const labelSelector = 'app.kubernetes.io/managed-by=capstan';
    const left = async () => {
      const lists = await Promise.all([
        batch().listNamespacedJob({ namespace }),
        core.listNamespacedPod({ namespace }),
        core.listNamespacedSecret({ namespace, labelSelector }),
        core.listNamespacedService({ namespace, labelSelector }),
      ]);
      return lists.map(({ items }) => items.length);
    };
    expect(await left()).toEqual([1, 2, 1, 1]);
    await launcher.remove(spec.name);
    await waitFor(left, (counts) => counts.every((count) => count === 0), harness.waitMs);
  });

  it('waits for a launch that was cut off after its Job was made, and runs when it is carried out by another', async () => {
    const spec = makeSpec('succeed');
    const api = openClusterApi({ kubeconfig: testCluster().kubeconfig, namespace: harness.namespace });
    await api.batch.createNamespacedJob({ namespace: harness.namespace, body: buildJobManifest(spec, spec.pool) });
    await until(({ phase, node }) => phase === 'pending' && node !== null);
    await launcher.launch(spec, { signal });
    await until(({ phase }) => phase === 'succeeded');
  });

  it('is told from pods and Jobs that are not ours, which are never touched', async () => {
    const { namespace, core } = harness;
    const spec = makeSpec('succeed');
    const labels = { app: 'foreign' };
    const foreign = buildJobManifest({ ...spec, name: 'foreign' }, spec.pool);
    Object.assign(foreign, { metadata: { name: 'foreign', labels } });
    Object.assign(foreign.spec ?? {}, { suspend: true });
    Object.assign(foreign.spec?.template ?? {}, { metadata: { labels } });
    await batch().createNamespacedJob({ namespace, body: foreign });
    expect(await launcher.list({ signal })).toEqual([]);
    await launcher.stop('foreign', { graceMs: 0 });
    await launcher.remove('foreign');
    const { items } = await batch().listNamespacedJob({ namespace });
    expect(items.map(({ metadata }) => [metadata?.name, metadata?.labels])).toEqual([['foreign', labels]]);
    expect((await core.listNamespacedPod({ namespace })).items).toEqual([]);
  });

  it('whose pod a quota forbids says so, also after its Job was deleted and made anew, and runs once the quota lets it', async () => {
    const { core, namespace } = harness;
    await core.createNamespacedResourceQuota({ namespace, body: { metadata: { name: 'full' }, spec: { hard: { pods: '0' } } } });
    const spec = makeSpec('succeed');
    await launcher.launch(spec, { signal });
    await until(({ message }) => message !== null);
    await batch().deleteNamespacedJob({ namespace, name: spec.name, propagationPolicy: 'Background' });
    await waitFor(
      () => launcher.list({ signal }),
      (ranks) => ranks.length === 0,
      harness.waitMs,
    );
    await launcher.launch(spec, { signal });
    const [rank] = await until(({ message }) => message !== null);
    expect(rank).toMatchObject({ phase: 'pending', message: expect.stringMatching(/exceeded quota: full/) });
    await core.deleteNamespacedResourceQuota({ namespace, name: 'full' });
    await until(({ phase }) => phase === 'succeeded');
  });

  it('that runs longer than its pool allows is told to be late while it ends', async () => {
    await launcher.launch(makeSpec('stubborn', { activeDeadlineSeconds: 6, terminationGracePeriodSeconds: 5 }), { signal });
    await until(({ phase, reason }) => phase === 'running' && reason === 'DeadlineExceeded');
    const [rank] = await until(({ phase }) => phase === 'failed');
    expect(rank).toMatchObject({ reason: 'DeadlineExceeded', message: expect.stringMatching(/deadline/) });
  });

  it.runIf(testCluster().local !== null)('of whose node nothing is heard is told so while it is still called running', async () => {
    const { assets, directory } = testCluster().local ?? { assets: '', directory: '' };
    await launchLiving();
    const [before] = await until(({ node }) => node !== null);
    const kubelet = `kubelet-${before?.node?.replace('node-', '')}`;
    await run(join(assets, 'restart'), [directory, kubelet, 'stop']);
    try {
      const [rank] = await until(({ reason }) => reason !== null);
      expect(rank).toMatchObject({ phase: 'running', reason: 'NodeLost', message: `The cluster hears nothing of ${before?.node}.` });
    } finally {
      await run(join(assets, 'restart'), [directory, kubelet]);
    }
    await until(({ reason, phase }) => phase === 'running' && reason === null);
  });

  it('whose launch the cluster refuses is refused in the words of the cluster', async () => {
    const spec = makeSpec('succeed', { tolerations: [{ operator: 'Sometimes' }] });
    await expect(launcher.launch(spec, { signal })).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(/tolerations.*Sometimes/),
    });
  });

  it.runIf(testCluster().local !== null)('is watched on when the API server has been away', async () => {
    const { assets, directory } = testCluster().local ?? { assets: '', directory: '' };
    const watching = new AbortController();
    const phases: string[] = [];
    const watched = (async () => {
      for await (const { phase } of launcher.watch({ signal: watching.signal })) phases.push(phase);
    })();
    const { name } = await launchLiving();
    await run(join(assets, 'restart'), [directory, 'kube-apiserver', 'stop']);
    await expect(launcher.launch(makeSpec('fail'), { signal })).rejects.toMatchObject({ code: 'unavailable' });
    expect(await launcher.list({ signal })).toHaveLength(1);
    await run(join(assets, 'restart'), [directory, 'kube-apiserver']);
    await waitFor(
      () =>
        launcher.stop(name, { graceMs: 5_000 }).then(
          () => true,
          () => false,
        ),
      (isStopped) => isStopped,
      harness.waitMs,
    );
    await waitFor(
      async () => phases.at(-1),
      (phase) => phase === 'succeeded',
      harness.waitMs,
    );
    watching.abort();
    await watched;
  });
});
