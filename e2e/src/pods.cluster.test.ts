import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type JobObject, poolSchema } from '@capstan/core';
import { type KubernetesLauncher, openKubernetesLauncher } from '@capstan/launcher';
import { systemClock } from '@capstan/runtime';
import { buildNodeImage, importImage, testCluster } from '@capstan/testing';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { dataDirAt, type Platform, startPlatform } from '../../apps/cli/src/platform/index.ts';
import { appFiles, neededPackages } from '../../scripts/images/app-files.ts';

/**
 * The platform as processes of this machine, its workers as pods on a real kubelet: REST, scheduler, Job, container, real training. Needs a
 * cluster into whose nodes an image can be put, and which reaches this machine.
 */
const { local, kubeconfig } = testCluster();
const HOST_SEEN_FROM_PODS = '10.244.255.1';
const WORKER_IMAGE = 'localhost/capstan-worker:test';
const STEPS = 30;
const SLOW = { timeout: 120_000, interval: 250 };
const root = fileURLToPath(new URL('../../', import.meta.url));
const { signal } = new AbortController();

describe.runIf(local !== null)('jobs in pods of a cluster that is started here', { timeout: 300_000 }, () => {
  const namespace = `capstan-${randomBytes(4).toString('hex')}`;
  let core: CoreV1Api;
  let door: Server;
  let platform: Platform;
  let client: OpenAI;
  let launcher: KubernetesLauncher;
  let fileId: string;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'capstan-e2e-'));
    chmodSync(folder, 0o755);
    const archive = buildNodeImage(folder, WORKER_IMAGE, {
      ...appFiles('/app', ['worker']),
      ...neededPackages('/app/node_modules', ['worker']),
    });
    await importImage(archive, local?.directory ?? '');
    rmSync(archive);
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    core = config.makeApiClient(CoreV1Api);
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await core.createNamespace({ body: { metadata: { name: namespace, labels } } });
    door = await openDoor(() => Number(platform.grpcAddress.split(':')[1]));
    const env = {
      ...{ PATH: process.env.PATH, HOME: process.env.HOME, KUBECONFIG: kubeconfig, KUBERNETES_NAMESPACE: namespace },
      ADVERTISED_ADDRESS: `${HOST_SEEN_FROM_PODS}:${(door.address() as AddressInfo).port}`,
    };
    platform = await startPlatform({
      ...{ dataDir: dataDirAt(folder), env, clock: systemClock, fetch: globalThis.fetch, signal },
      ...{ announce: () => undefined, apiPort: 0, grpcPort: 0 },
    });
    client = new OpenAI({ baseURL: platform.baseUrl, apiKey: platform.apiKey });
    launcher = await openKubernetesLauncher({ kubeconfig, namespace });
    await makePool('pods', {});
    const rows = readFileSync(join(root, 'examples/debian-synopsis/valid.jsonl'), 'utf8').split('\n').slice(0, 32).join('\n');
    fileId = (await client.files.create({ file: await toFile(Buffer.from(rows), 'rows.jsonl'), purpose: 'fine-tune' })).id;
  }, 180_000);
  afterAll(async () => {
    await platform.stop();
    for (const { name } of await launcher.list({ signal })) await launcher.stop(name, { graceMs: 1_000 });
    await vi.waitFor(() => removeAll(launcher), SLOW);
    await launcher.close();
    await new Promise((resolve) => door.close(resolve));
    await core.deleteNamespace({ name: namespace });
    rmSync(platform.dataDir.root, { recursive: true, force: true });
  }, 180_000);

  async function makePool(id: string, more: Record<string, unknown>): Promise<void> {
    const command = ['node', '/app/apps/worker/dist/main.js'];
    const settings = { image: WORKER_IMAGE, imagePullPolicy: 'Never', command, cpu: '100m', terminationGracePeriodSeconds: 20 };
    await client.post('/pools', { body: { id, launcher: 'kubernetes', max_workers: 4, settings, ...more } });
  }
  async function submit(options: { pool?: string; resources?: object; max_attempts?: number } = {}): Promise<string> {
    const training = {
      max_steps: STEPS,
      micro_batch_size: 4,
      checkpoint_every_steps: 5,
      eval_rows: 4,
      rouge_rows: 2,
      max_source_tokens: 64,
    };
    const request = { model: 't5-nano', training_file: fileId, seed: 1, hyperparameters: { batch_size: 4 } };
    const job = await client.fineTuning.jobs.create({ ...request, capstan: { pool: 'pods', training, ...options } } as never);
    return job.id;
  }
  const retrieve = async (id: string) => (await client.fineTuning.jobs.retrieve(id)) as unknown as JobObject;
  const until = (id: string, isReached: (job: JobObject) => boolean) =>
    vi.waitFor(async () => {
      const job = await retrieve(id);
      expect(isReached(job), JSON.stringify(job.capstan)).toBe(true);
      return job;
    }, SLOW);
  const podNames = async () => (await core.listNamespacedPod({ namespace })).items.map(({ metadata }) => metadata?.name ?? '');

  it('train in a pod, and go on in another from the last checkpoint when the pod is deleted', async () => {
    const id = await submit();
    await until(id, ({ capstan }) => (capstan.progress?.step ?? 0) > 6);
    const [pod = ''] = await podNames();
    expect(pod.startsWith(`${id}-a1-0-`)).toBe(true);
    await core.deleteNamespacedPod({ namespace, name: pod, gracePeriodSeconds: 1 });
    const job = await until(id, ({ status }) => status === 'succeeded' || status === 'failed');
    expect(job).toMatchObject({ status: 'succeeded', error: null, capstan: { attempt: 2 } });
    const { data } = (await client.get(`/fine_tuning/jobs/${id}/metrics?limit=1000`)) as {
      data: { step: number; train_loss: number | null }[];
    };
    const trained = data.filter(({ train_loss }) => train_loss !== null).map(({ step }) => step);
    expect(trained.sort((a, b) => a - b)).toEqual(Array.from({ length: STEPS }, (_, index) => index + 1));
    await vi.waitFor(async () => expect(await podNames()).toEqual([]), SLOW);
  });

  it("say what they wait for in the cluster's own words, and can be cancelled meanwhile", async () => {
    await makePool('huge', { gpus_per_worker: 64 });
    const id = await submit({ pool: 'huge' });
    const { capstan } = await until(id, (job) => /Unschedulable/.test(job.capstan.message ?? ''));
    expect(capstan).toMatchObject({ state: 'starting', message: expect.stringMatching(/Insufficient nvidia\.com\/gpu/) });
    await client.fineTuning.jobs.cancel(id);
    await until(id, ({ status }) => status === 'cancelled');
    await vi.waitFor(async () => expect(await podNames()).toEqual([]), SLOW);
  });

  it('fail as OOMKilled, with advice, when a pod exceeds its memory', async () => {
    const id = await submit({ resources: { memory_mib: 96 }, max_attempts: 1 });
    const job = await until(id, ({ status }) => status === 'failed');
    expect(job.error).toMatchObject({ code: 'OOMKilled', message: expect.stringMatching(/memory limit of 96Mi/) });
  });

  it('are removed when no job is known for them', async () => {
    const { data: pools } = (await client.get('/pools')) as { data: { id: string }[] };
    expect(pools.map(({ id }) => id)).toContain('pods');
    const settings = {
      image: WORKER_IMAGE,
      imagePullPolicy: 'Never',
      command: ['node', '-e', 'setInterval(() => undefined, 1000)'],
      cpu: '50m',
    };
    const pool = poolSchema.parse({ id: 'pods', launcher: 'kubernetes', maxWorkers: 1, settings });
    await launcher.launch(
      {
        ...{ name: 'ftjob-stranger-a1', kind: 'train', jobId: 'ftjob-stranger', attempt: 1, epoch: 1, worldSize: 1 },
        ...{ memoryMiB: null, gpusPerWorker: 0, token: 'none', schedulerAddress: 'none:1' },
        pool: { ...pool, version: 1 },
      },
      { signal },
    );
    await vi.waitFor(async () => expect(await launcher.list({ signal })).toEqual([]), SLOW);
  });
});

/** Lets pods in to the scheduler, which listens at home only. */
async function openDoor(portOf: () => number): Promise<Server> {
  const door = createServer((outside) => {
    const inside = connect(portOf(), '127.0.0.1');
    for (const socket of [outside, inside]) socket.on('error', () => [outside, inside].forEach((end) => void end.destroy()));
    outside.pipe(inside).pipe(outside);
  });
  await new Promise<void>((resolve) => door.listen(0, HOST_SEEN_FROM_PODS, resolve));
  return door;
}

async function removeAll(launcher: KubernetesLauncher): Promise<void> {
  for (const { name } of await launcher.list({ signal })) await launcher.remove(name);
  expect(await launcher.list({ signal })).toEqual([]);
}
