import {
  BatchV1Api,
  CoreV1Api,
  CustomObjectsApi,
  type KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  type V1Job,
} from '@kubernetes/client-node';
import { orOn } from '../../packages/launcher/src/kubernetes/cluster-api.ts';
import { SharingKubeConfig } from '../../packages/launcher/src/kubernetes/sharing-kube-config.ts';
import { askAgain } from './ask-again.ts';
import { growth, type SimulatedCluster } from './simulated-cluster.ts';
import { untilDone } from './until.ts';
import { watchAdmissions } from './watch-admissions.ts';
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

/** The jobs through Kueue's own queues: made suspended by a plain client while the queues are held, then the queues are opened. */
export async function measureKueue(work: QueuedWork, cluster: SimulatedCluster): Promise<AdmissionFigures> {
  const namespace = 'kueue-alone';
  // Connections are shared as by any client of Kubernetes: a handshake for each call would measure the handshakes.
  const config = new SharingKubeConfig(() => undefined);
  config.loadFromFile(cluster.kubeconfig);
  await config.makeApiClient(CoreV1Api).createNamespace({ body: { metadata: { name: namespace } } });
  const custom = config.makeApiClient(CustomObjectsApi);
  await makeQueues(work, namespace, custom);
  const [pods, workloads] = [watchPods(cluster.config, { namespace }), watchAdmissions(cluster.config, namespace)];
  try {
    const before = await cluster.requests();
    await createJobs(work, namespace, config);
    await untilDone('Workloads', () => ({ isDone: workloads.made() >= work.jobs, state: `${workloads.made()} of ${work.jobs}` }));
    const [openedAt, started] = [Date.now(), performance.now()];
    await Promise.all(queueNames(work).map((name) => openQueue(name, custom)));
    await untilDone('jobs', () => ({
      isDone: pods.ended() >= work.jobs,
      state: `${workloads.admitted()} admitted, ${pods.running()} pods run, ${pods.ended()} have ended`,
    }));
    const admittedSeconds = Math.max(0.5, (workloads.lastAdmissionAt() - openedAt) / 1000);
    const makespanSeconds = (pods.lastEndAt() - started) / 1000;
    return { admittedSeconds, makespanSeconds, calls: growth(before, await cluster.requests()) };
  } finally {
    pods.close();
    workloads.close();
  }
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
  // An answer that got lost may have been a yes.
  const createJob = (body: V1Job) => askAgain(() => batch.createNamespacedJob({ namespace, body }).catch(orOn([409], null)));
  const createNext = async (): Promise<void> => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift())
      await createJob(makeJob(number, names[number % names.length] ?? '', work));
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
  const request = { ...KUEUE, plural: 'clusterqueues', name, body: { spec: { stopPolicy: 'None' } } };
  await askAgain(() => custom.patchClusterCustomObject(request, options));
}
