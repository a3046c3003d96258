import { z } from 'zod';
import { readKubernetesQuantity } from './kubernetes-quantity.ts';

/** Kubernetes' own shapes, which its API server checks. */
const kubernetesObject = z.record(z.string(), z.unknown(), 'Write an object, as Kubernetes has it.');
const spreadConstraint = z.looseObject({
  maxSkew: z.number().int().min(1),
  topologyKey: z.string(),
  whenUnsatisfiable: z.enum(['DoNotSchedule', 'ScheduleAnyway']),
});
const quantity = z.string().refine((text) => readKubernetesQuantity(text) > 0, 'Write a quantity, as Kubernetes has it: 4, 500m, 20Gi.');

/** What `settings` of a Kubernetes pool may say; the words are Kubernetes' own. */
export const kubernetesPoolSettingsSchema = z.strictObject({
  /** Of the worker; in production by digest. */
  image: z.string({ error: 'Give the image of its workers.' }).min(1),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).default('IfNotPresent'),
  imagePullSecrets: z.array(z.string()).default([]),
  /** Beside what the image starts by itself. */
  command: z.array(z.string()).optional(),
  env: z.record(z.string(), z.string()).default({}),
  nodeSelector: z.record(z.string(), z.string()).default({}),
  tolerations: z.array(kubernetesObject).default([]),
  affinity: kubernetesObject.optional(),
  topologySpreadConstraints: z.array(spreadConstraint).default([]),
  runtimeClassName: z.string().optional(),
  priorityClassName: z.string().optional(),
  schedulerName: z.string().optional(),
  serviceAccountName: z.string().optional(),
  /** What the pool's GPUs are called: nvidia.com/gpu, amd.com/gpu, nvidia.com/mig-1g.10gb … */
  gpuResourceName: z.string().default('nvidia.com/gpu'),
  /** Asked for by each worker; there is no limit, for a throttled trainer helps nobody. */
  cpu: quantity.default('1'),
  /** Limit of the models and datasets that a worker keeps. */
  cacheSize: quantity.default('20Gi'),
  /** From SIGTERM to force where the cluster stops a worker: a drain, an eviction, a pre-emption. */
  terminationGracePeriodSeconds: z.number().int().min(0).default(60),
  activeDeadlineSeconds: z.number().int().min(1).optional(),
  /** Ended Jobs are removed once they are recorded; this is for those that nobody comes back for. */
  ttlSecondsAfterFinished: z.number().int().min(0).default(86_400),
  /** The image's user, where the image names none by number. */
  runAsUser: z.number().int().min(1).default(65_532),
  /** Holds a warm place and does nothing; any image that idles will do. */
  placeholderImage: z.string().default('registry.k8s.io/pause:3.10'),
  /** Below that of all real work, so that the cluster ends placeholders first. */
  placeholderPriorityClassName: z.string().default('capstan-warm'),
  annotations: z.record(z.string(), z.string()).default({}),
  /** A LocalQueue of Kueue, which then admits. */
  queueName: z.string().optional(),
});
