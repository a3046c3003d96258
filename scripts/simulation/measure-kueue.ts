import {
  BatchV1Api,
  CoreV1Api,
  CustomObjectsApi,
  type KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  type V1Job,
} from '@kubernetes/client-node';
import { SharingKubeConfig } from '../../packages/launcher/src/kubernetes/sharing-kube-config.ts';
import { growth, type SimulatedCluster } from './simulated-cluster.ts';
import { watchPods } from './watch-pods.ts';

export interface QueuedWork {
  jobs: number;
  queues: number;
  /** Pods, each with one GPU, that a queue admits at once. */
  quota: number;
  runSeconds: number;
}

export interface AdmissionFigures {
  /** From the opening of the queues to the last admission, and to the end of the last pod. */
  admittedSeconds: number;
  makespanSeconds: number;
  calls: [string, number][];
}

const KUEUE = { group: 'kueue.x-k8s.io', version: 'v1beta2' };
const CREATED_AT_ONCE = 32;
const POLL_MS = 500;
const LIST_TRIES = 10;
const LIST_PAUSE_MS = 5_000;

/** The jobs through Kueue's own queues: made suspended by a plain client while the queues are held, then the queues are opened. */
export async function measureKueue(work: QueuedWork, cluster: SimulatedCluster): Promise<AdmissionFigures> {
  const namespace = 'kueue-alone';
  // Connections are shared as by any client of Kubernetes: a handshake for each call would measure the handshakes.
  const config = new SharingKubeConfig(() => undefined);
  config.loadFromFile(cluster.kubeconfig);
  await config.makeApiClient(CoreV1Api).createNamespace({ body: { metadata: { name: namespace } } });
  const custom = config.makeApiClient(CustomObjectsApi);
  await makeQueues(work, namespace, custom);
  const pods = watchPods(cluster.config, { namespace });
  const before = await cluster.requests();
  await createJobs(work, namespace, config);
  await untilWorkloads(work.jobs, namespace, custom);
  const [openedAt, started] = [Date.now(), performance.now()];
  await Promise.all(queueNames(work).map((name) => openQueue(name, custom)));
  while (pods.ended() < work.jobs) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  const makespanSeconds = (pods.lastEndAt() - started) / 1000;
  pods.close();
  const calls = growth(before, await cluster.requests());
  const lastAdmission = Math.max(...(await listAdmissions(namespace, custom)));
  return { admittedSeconds: Math.max(0.5, (lastAdmission - openedAt) / 1000), makespanSeconds, calls };
}

function queueNames({ queues }: QueuedWork): string[] {
  return Array.from({ length: queues }, (_, number) => `queue-${number}`);
}

async function makeQueues(work: QueuedWork, namespace: string, custom: CustomObjectsApi): Promise<void> {
  const apiVersion = `${KUEUE.group}/${KUEUE.version}`;
  const flavor = { apiVersion, kind: 'ResourceFlavor', metadata: { name: 'simulated' } };
  await custom.createClusterCustomObject({ ...KUEUE, plural: 'resourceflavors', body: flavor });
  const resources = ['cpu', 'memory', 'nvidia.com/gpu'].map((name) => ({
    name,
    nominalQuota: name === 'memory' ? `${work.quota}Ti` : String(work.quota),
  }));
  const resourceGroups = [{ coveredResources: resources.map(({ name }) => name), flavors: [{ name: 'simulated', resources }] }];
  for (const name of queueNames(work)) {
    const spec = { namespaceSelector: {}, stopPolicy: 'Hold', resourceGroups };
    await custom.createClusterCustomObject({
      ...KUEUE,
      plural: 'clusterqueues',
      body: { apiVersion, kind: 'ClusterQueue', metadata: { name }, spec },
    });
    const local = { apiVersion, kind: 'LocalQueue', metadata: { name }, spec: { clusterQueue: name } };
    await custom.createNamespacedCustomObject({ ...KUEUE, namespace, plural: 'localqueues', body: local });
  }
}

async function createJobs(work: QueuedWork, namespace: string, config: KubeConfig): Promise<void> {
  const batch = config.makeApiClient(BatchV1Api);
  const names = queueNames(work);
  const numbers = Array.from({ length: work.jobs }, (_, number) => number);
  const createNext = async (): Promise<void> => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift())
      await batch.createNamespacedJob({ namespace, body: makeJob(number, names[number % names.length] ?? '', work) });
  };
  await Promise.all(Array.from({ length: CREATED_AT_ONCE }, createNext));
}

function makeJob(number: number, queue: string, { runSeconds }: QueuedWork): V1Job {
  const resources = { requests: { cpu: '1', 'nvidia.com/gpu': '1' }, limits: { 'nvidia.com/gpu': '1' } };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: `job-${number}`, labels: { 'kueue.x-k8s.io/queue-name': queue } },
    spec: {
      ...{ suspend: true, completions: 1, parallelism: 1, completionMode: 'Indexed', backoffLimit: 0 },
      template: {
        metadata: { annotations: { 'simulate/run-seconds': String(runSeconds) } },
        spec: {
          restartPolicy: 'Never',
          nodeSelector: { type: 'kwok' },
          tolerations: [{ key: 'kwok.x-k8s.io/node', operator: 'Exists' }],
          containers: [{ name: 'worker', image: 'simulated', resources }],
        },
      },
    },
  };
}

async function openQueue(name: string, custom: CustomObjectsApi): Promise<void> {
  const options = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
  await custom.patchClusterCustomObject({ ...KUEUE, plural: 'clusterqueues', name, body: { spec: { stopPolicy: 'None' } } }, options);
}

interface Workload {
  status?: { conditions?: { type: string; status: string; lastTransitionTime: string }[] };
}

/** From the API server's cache, and again where it was too busy to answer. */
async function listWorkloads(namespace: string, custom: CustomObjectsApi): Promise<Workload[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      const { items } = await custom.listNamespacedCustomObject({ ...KUEUE, namespace, plural: 'workloads', resourceVersion: '0' });
      return items;
    } catch (error) {
      if (tries === LIST_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, LIST_PAUSE_MS));
    }
  }
}

async function untilWorkloads(count: number, namespace: string, custom: CustomObjectsApi): Promise<void> {
  while ((await listWorkloads(namespace, custom)).length < count) await new Promise((resolve) => setTimeout(resolve, LIST_PAUSE_MS));
}

/** The instants at which workloads were admitted; Kubernetes writes them in whole seconds. */
async function listAdmissions(namespace: string, custom: CustomObjectsApi): Promise<number[]> {
  const conditions = (await listWorkloads(namespace, custom)).flatMap(({ status }) => status?.conditions ?? []);
  return conditions.filter(({ type }) => type === 'QuotaReserved').map((condition) => Date.parse(condition.lastTransitionTime));
}
