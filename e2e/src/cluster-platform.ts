import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { JobObject } from '@capstan/core';
import { type KubernetesLauncher, openKubernetesLauncher } from '@capstan/launcher';
import { systemClock } from '@capstan/runtime';
import { buildNodeImage, importImage, testCluster } from '@capstan/testing';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import OpenAI, { toFile } from 'openai';
import { expect, vi } from 'vitest';
import { dataDirAt, startPlatform } from '../../apps/cli/src/platform/index.ts';
import { appFiles, neededPackages } from '../../scripts/images/app-files.ts';

const HOST_SEEN_FROM_PODS = '10.244.255.1';
export const WORKER_IMAGE = 'localhost/capstan-worker:test';
export const SLOW = { timeout: 120_000, interval: 250 };
const root = fileURLToPath(new URL('../../', import.meta.url));
const { signal } = new AbortController();
const run = promisify(execFile);

export interface SubmitOptions {
  pool?: string;
  resources?: object;
  max_attempts?: number;
  steps?: number;
}

export type ClusterPlatform = Awaited<ReturnType<typeof openClusterPlatform>>;

/**
 * The platform as processes of this machine, its workers as pods on a real kubelet: REST, scheduler, Job, container, real training. Needs a
 * cluster into whose nodes an image can be put, and which reaches this machine.
 */
export async function openClusterPlatform(settings: Record<string, string> = {}) {
  const { local, kubeconfig } = testCluster();
  const directory = local?.directory ?? expect.fail('this cluster was not started here');
  const namespace = `capstan-${randomBytes(4).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'capstan-e2e-'));
  chmodSync(folder, 0o755);
  await importWorkerImage(directory);
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await core.createNamespace({ body: { metadata: { name: namespace, labels } } });
  const door = await openDoor(() => Number(platform.grpcAddress.split(':')[1]));
  const env = {
    ...{ PATH: process.env.PATH, HOME: process.env.HOME, KUBECONFIG: kubeconfig, KUBERNETES_NAMESPACE: namespace, ...settings },
    ADVERTISED_ADDRESS: `${HOST_SEEN_FROM_PODS}:${(door.address() as AddressInfo).port}`,
  };
  const platform = await startPlatform({
    ...{ dataDir: dataDirAt(folder), env, clock: systemClock, fetch: globalThis.fetch, signal },
    ...{ announce: () => undefined, apiPort: 0, grpcPort: 0 },
  });
  const client = new OpenAI({ baseURL: platform.baseUrl, apiKey: platform.apiKey });
  const launcher = await openKubernetesLauncher({ kubeconfig, namespace });
  const rows = readFileSync(join(root, 'examples/debian-synopsis/valid.jsonl'), 'utf8').split('\n').slice(0, 32).join('\n');
  const fileId = (await client.files.create({ file: await toFile(Buffer.from(rows), 'rows.jsonl'), purpose: 'fine-tune' })).id;
  const retrieve = async (id: string) => (await client.fineTuning.jobs.retrieve(id)) as unknown as JobObject;
  const podNames = async () => (await core.listNamespacedPod({ namespace })).items.map(({ metadata }) => metadata?.name ?? '');

  return {
    ...{ client, core, config, namespace, launcher, retrieve, podNames },
    kubectl: (...args: string[]) =>
      run(join(directory, 'bin', 'kubectl'), ['--namespace', namespace, ...args], { env: { KUBECONFIG: kubeconfig, HOME: directory } }),
    makePool: (id: string, more: Record<string, unknown> = {}, own: Record<string, unknown> = {}) =>
      client.post('/pools', { body: { id, launcher: 'kubernetes', max_workers: 4, settings: { ...WORKER, ...own }, ...more } }),
    async submit({ steps = 30, ...options }: SubmitOptions = {}): Promise<string> {
      const request = { model: 't5-nano', training_file: fileId, seed: 1, hyperparameters: { batch_size: 4 } };
      const capstan = { pool: 'pods', training: { ...TRAINING, max_steps: steps }, ...options };
      return (await client.fineTuning.jobs.create({ ...request, capstan } as never)).id;
    },
    until: (id: string, isReached: (job: JobObject) => boolean) =>
      vi.waitFor(async () => {
        const job = await retrieve(id);
        expect(isReached(job), JSON.stringify(job.capstan)).toBe(true);
        return job;
      }, SLOW),
    /** The steps of which the job has reported a loss, in order. */
    async trainedSteps(id: string): Promise<number[]> {
      const { data } = (await client.get(`/fine_tuning/jobs/${id}/metrics?limit=1000`)) as { data: Metric[] };
      const trained = data.filter(({ train_loss }) => train_loss !== null).map(({ step }) => step);
      return trained.sort((a, b) => a - b);
    },
    untilNoPods: () => vi.waitFor(async () => expect(await podNames()).toEqual([]), SLOW),
    async close() {
      await platform.stop();
      for (const { name } of await launcher.list({ signal })) await launcher.stop(name, { graceMs: 1_000 });
      await vi.waitFor(() => removeAll(launcher), SLOW);
      await launcher.close();
      await new Promise((resolve) => door.close(resolve));
      await core.deleteNamespace({ name: namespace });
      rmSync(platform.dataDir.root, { recursive: true, force: true });
    },
  };
}

interface Metric {
  step: number;
  train_loss: number | null;
}

const WORKER = {
  image: WORKER_IMAGE,
  imagePullPolicy: 'Never',
  command: ['node', '/app/apps/worker/dist/main.js'],
  cpu: '100m',
  terminationGracePeriodSeconds: 20,
};
const TRAINING = { micro_batch_size: 2, checkpoint_every_steps: 5, eval_rows: 4, rouge_rows: 2, max_source_tokens: 64 };

/** Once per cluster: the image is the same for all suites. */
async function importWorkerImage(directory: string): Promise<void> {
  const mark = join(directory, 'worker-image');
  if (existsSync(mark)) return;
  const archive = buildNodeImage(directory, WORKER_IMAGE, {
    ...appFiles('/app', ['worker']),
    ...neededPackages('/app/node_modules', ['worker']),
  });
  await importImage(archive, directory);
  rmSync(archive);
  writeFileSync(mark, '');
}

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
