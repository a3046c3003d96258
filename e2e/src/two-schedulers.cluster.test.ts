import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JobObject } from '@capstan/core';
import { openKubernetesLauncher } from '@capstan/launcher';
import {
  buildNodeImage,
  createTestAuthority,
  createTestDatabase,
  importImage,
  type TestAuthority,
  type TestDatabase,
  testCluster,
} from '@capstan/testing';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { appFiles, neededPackages } from '../../scripts/images/app-files.ts';
import { freePort, type OwnService, startService } from './own-services.ts';

/** API and two schedulers as processes of this machine, gRPC with TLS, workers as pods on a real kubelet. */
const { local, kubeconfig } = testCluster();
const HOST_SEEN_FROM_PODS = '10.244.255.1';
const WORKER_IMAGE = 'localhost/capstan-worker:schedulers';
const STEPS = 40;
const API_KEY = 'for-this-test-only';
const SLOW = { timeout: 150_000, interval: 250 };
const root = fileURLToPath(new URL('../../', import.meta.url));
const { signal } = new AbortController();

describe.runIf(local !== null)('two schedulers of one platform', { timeout: 300_000 }, () => {
  const namespace = `capstan-${randomBytes(4).toString('hex')}`;
  let folder: string;
  let core: CoreV1Api;
  let authority: TestAuthority;
  let database: TestDatabase;
  let api: OwnService;
  const schedulers = new Map<string, OwnService>();
  let client: OpenAI;
  let fileId: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'capstan-two-schedulers-'));
    chmodSync(folder, 0o755);
    await importWorker(folder);
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    core = config.makeApiClient(CoreV1Api);
    await createNamespace();
    authority = await createTestAuthority();
    database = await createTestDatabase();
    const ports = [await freePort(HOST_SEEN_FROM_PODS), await freePort(HOST_SEEN_FROM_PODS)];
    const addresses = ports.map((port) => `${HOST_SEEN_FROM_PODS}:${port}`);
    const [first = '', second = ''] = addresses;
    schedulers.set(first, await startScheduler(first, second));
    schedulers.set(second, await startScheduler(second, first));
    await startApi();
    const rows = readFileSync(join(root, 'examples/debian-synopsis/valid.jsonl'), 'utf8').split('\n').slice(0, 32).join('\n');
    fileId = (await client.files.create({ file: await toFile(Buffer.from(rows), 'rows.jsonl'), purpose: 'fine-tune' })).id;
  }, 240_000);
  afterAll(async () => {
    await api.stop();
    for (const scheduler of schedulers.values()) await scheduler.stop();
    const launcher = await openKubernetesLauncher({ kubeconfig, namespace });
    for (const { name } of await launcher.list({ signal })) await launcher.stop(name, { graceMs: 1_000 });
    await vi.waitFor(async () => {
      for (const { name } of await launcher.list({ signal })) await launcher.remove(name);
      expect(await launcher.list({ signal })).toEqual([]);
    }, SLOW);
    await launcher.close();
    await core.deleteNamespace({ name: namespace });
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  }, 180_000);

  const createNamespace = () =>
    core.createNamespace({ body: { metadata: { name: namespace, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } } });

  const shared = () => ({
    DATABASE_URL: database.url,
    INTERNAL_TOKEN: 'internal-token-of-this-test',
    ARTIFACTS_DIR: join(folder, 'artifacts'),
  });

  async function startScheduler(address: string, other: string): Promise<OwnService> {
    const tls = mkdtempSync(join(folder, 'tls-'));
    const { certificate, privateKey } = await authority.sign('scheduler.test');
    for (const [name, text] of Object.entries({ 'tls.crt': certificate, 'tls.key': privateKey, 'ca.crt': authority.certificate }))
      writeFileSync(join(tls, name), text);
    const health = `127.0.0.1:${await freePort('127.0.0.1')}`;
    return startService('scheduler', `http://${health}/readyz`, {
      ...shared(),
      ...{ GRPC_ADDRESS: address, ADVERTISED_ADDRESS: `${address},${other}`, GRPC_TLS_DIR: tls, HEALTH_ADDRESS: health },
      ...{ WORKER_TOKEN_SECRET: 'w'.repeat(32), KUBECONFIG: kubeconfig, KUBERNETES_NAMESPACE: namespace },
    });
  }

  async function startApi(): Promise<void> {
    const port = await freePort('127.0.0.1');
    const settings = { image: WORKER_IMAGE, imagePullPolicy: 'Never', command: ['node', '/app/apps/worker/dist/main.js'], cpu: '100m' };
    const pool = { id: 'pods', launcher: 'kubernetes', maxWorkers: 2, settings: { ...settings, terminationGracePeriodSeconds: 20 } };
    api = await startService('api', `http://127.0.0.1:${port}/readyz`, {
      ...shared(),
      ...{ PORT: String(port), UPLOADS_DIR: join(folder, 'uploads'), MODELS_DIR: join(root, 'examples') },
      ...{ BOOTSTRAP_API_KEY: API_KEY, DEFAULT_POOL: JSON.stringify(pool) },
    });
    client = new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: API_KEY });
  }

  const until = (id: string, isReached: (job: JobObject) => boolean) =>
    vi.waitFor(async () => {
      const job = (await client.fineTuning.jobs.retrieve(id)) as unknown as JobObject;
      expect(isReached(job), JSON.stringify(job.capstan)).toBe(true);
      return job;
    }, SLOW);

  async function submitAndTrain(seed: number): Promise<string> {
    const training = {
      max_steps: STEPS,
      micro_batch_size: 4,
      checkpoint_every_steps: 5,
      eval_rows: 4,
      rouge_rows: 2,
      max_source_tokens: 64,
    };
    const request = { model: 't5-nano', training_file: fileId, seed, hyperparameters: { batch_size: 4 }, capstan: { training } };
    const { id } = await client.fineTuning.jobs.create(request as never);
    await until(id, ({ capstan }) => (capstan.progress?.step ?? 0) > 6);
    return id;
  }
  const trainedSteps = async (id: string) => {
    const page = (await client.get(`/fine_tuning/jobs/${id}/metrics?limit=1000`)) as {
      data: { step: number; train_loss: number | null }[];
    };
    return page.data.flatMap(({ step, train_loss }) => (train_loss === null ? [] : [step])).sort((a, b) => a - b);
  };
  const everyStep = Array.from({ length: STEPS }, (_, index) => index + 1);
  const isOver = ({ status }: JobObject) => status === 'succeeded' || status === 'failed';

  it('one is killed: the pod that it launched trains on and reports to the other', async () => {
    const id = await submitAndTrain(1);
    const [pod] = (await core.listNamespacedPod({ namespace })).items;
    const known = pod?.spec?.containers[0]?.env?.find(({ name }) => name === 'CAPSTAN_SCHEDULER_ADDRESS')?.value ?? '';
    const launcherOfIt = schedulers.get(known.split(',')[0] ?? '') ?? expect.fail(`No scheduler is at ${known}.`);
    await launcherOfIt.kill();
    expect(await until(id, isOver)).toMatchObject({ status: 'succeeded', error: null, capstan: { attempt: 1 } });
    expect(await trainedSteps(id)).toEqual(everyStep);
    await vi.waitFor(async () => expect((await core.listNamespacedPod({ namespace })).items).toEqual([]), SLOW);
  });

  it('the namespace of a running job is deleted: its end is recorded, and it goes on once there is a namespace again', async () => {
    const id = await submitAndTrain(2);
    await core.deleteNamespace({ name: namespace });
    await vi.waitFor(async () => {
      await expect(core.readNamespace({ name: namespace })).rejects.toMatchObject({ code: 404 });
    }, SLOW);
    await createNamespace();
    const job = await until(id, isOver);
    expect(job).toMatchObject({ status: 'succeeded', error: null });
    expect(job.capstan.attempt).toBeGreaterThan(1);
    expect(await trainedSteps(id)).toEqual(everyStep);
  });
});

async function importWorker(folder: string): Promise<void> {
  const files = { ...appFiles('/app', ['worker']), ...neededPackages('/app/node_modules', ['worker']) };
  const archive = buildNodeImage(folder, WORKER_IMAGE, files);
  await importImage(archive, local?.directory ?? '');
  rmSync(archive);
}
