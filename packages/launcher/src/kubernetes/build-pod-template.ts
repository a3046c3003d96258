import { readKubernetesQuantity } from '@capstan/core';
import type { V1Container, V1EnvVar, V1PodSpec, V1PodTemplateSpec, V1ResourceRequirements } from '@kubernetes/client-node';
import type { LaunchSpec } from '../launcher.ts';
import { tlsEnvironment } from '../tls-environment.ts';
import { CONTAINER, LABELS, launchLabels, RANK_FINALIZER } from './names.ts';
import type { KubernetesPoolSettings } from './pool-settings.ts';

const TOKEN_DIR = '/var/run/capstan';
const CACHE_DIR = '/var/cache/capstan';
/** Of the volume's size, beyond which the kubelet evicts the pod, what the worker fills before it makes room. */
const CACHE_SHARE = 0.9;

/** A container that Pod Security's "restricted" lets in. */
export const RESTRICTED = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };

/** The pod of one rank. It satisfies Pod Security "restricted", and holds no key, no database address and no token in plain sight. */
export function buildPodTemplate(spec: LaunchSpec, settings: KubernetesPoolSettings): V1PodTemplateSpec {
  const { priorityClassName, serviceAccountName } = settings;
  return {
    metadata: { labels: launchLabels(spec), annotations: settings.annotations, finalizers: [RANK_FINALIZER] },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: settings.terminationGracePeriodSeconds,
      ...buildPlacement(settings),
      ...(spec.worldSize > 1 ? { subdomain: spec.name } : {}),
      ...given({ priorityClassName, serviceAccountName }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: settings.runAsUser,
        runAsGroup: settings.runAsUser,
        fsGroup: settings.runAsUser,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [buildContainer(spec, settings)],
      volumes: [
        { name: 'token', secret: { secretName: spec.name, defaultMode: 0o440 } },
        { name: 'cache', emptyDir: { sizeLimit: settings.cacheSize } },
        { name: 'tmp', emptyDir: {} },
      ],
    },
  };
}

/** Where the pool's pods may run, and what none of them needs: a view of the cluster. */
export function buildPlacement(settings: KubernetesPoolSettings): Partial<V1PodSpec> {
  const { nodeSelector, tolerations, topologySpreadConstraints, affinity, runtimeClassName, schedulerName } = settings;
  return {
    ...{ automountServiceAccountToken: false, enableServiceLinks: false, nodeSelector, tolerations, topologySpreadConstraints },
    imagePullSecrets: settings.imagePullSecrets.map((name) => ({ name })),
    ...given({ affinity, runtimeClassName, schedulerName }),
  };
}

function buildContainer(spec: LaunchSpec, settings: KubernetesPoolSettings): V1Container {
  return {
    name: CONTAINER,
    image: settings.image,
    imagePullPolicy: settings.imagePullPolicy,
    ...given({ command: settings.command }),
    env: buildEnvironment(spec, settings),
    resources: buildResources(spec, settings),
    // A rank's last words travel in its pod's status, where they outlive the container.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    securityContext: RESTRICTED,
    volumeMounts: [
      { name: 'token', mountPath: TOKEN_DIR, readOnly: true },
      { name: 'cache', mountPath: CACHE_DIR },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

function buildEnvironment(spec: LaunchSpec, settings: KubernetesPoolSettings): V1EnvVar[] {
  const fixed = {
    CAPSTAN_CACHE_MAX_BYTES: String(Math.floor(readKubernetesQuantity(settings.cacheSize) * CACHE_SHARE)),
    ...settings.env,
    CAPSTAN_SCHEDULER_ADDRESS: spec.schedulerAddress,
    ...tlsEnvironment(spec),
    CAPSTAN_TOKEN_FILE: `${TOKEN_DIR}/token`,
    CAPSTAN_JOB_ID: spec.jobId,
    CAPSTAN_ATTEMPT: String(spec.attempt),
    CAPSTAN_EPOCH: String(spec.epoch),
    CAPSTAN_WORLD_SIZE: String(spec.worldSize),
    CAPSTAN_KIND: spec.kind,
    CAPSTAN_CACHE_DIR: CACHE_DIR,
  };
  const rank = { name: 'CAPSTAN_RANK', valueFrom: { fieldRef: { fieldPath: `metadata.labels['${LABELS.rank}']` } } };
  return [...Object.entries(fixed).map(([name, value]) => ({ name, value })), rank];
}

/** Memory is asked for in full, so that no other pod's appetite can end a training run. */
export function buildResources(
  { memoryMiB, gpusPerWorker }: Pick<LaunchSpec, 'memoryMiB' | 'gpusPerWorker'>,
  { cpu, gpuResourceName }: KubernetesPoolSettings,
): V1ResourceRequirements {
  const memory: Record<string, string> = memoryMiB === null ? {} : { memory: `${memoryMiB}Mi` };
  const gpus: Record<string, string> = gpusPerWorker === 0 ? {} : { [gpuResourceName]: String(gpusPerWorker) };
  return { requests: { cpu, ...memory, ...gpus }, limits: { ...memory, ...gpus } };
}

type Given<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> };

/** Only what is there: Kubernetes tells an absent field from an empty one. */
export function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}
