import { InvalidRequestError, kubernetesPoolSettingsSchema, type Pool } from '@capstan/core';
import type { V1Affinity, V1Toleration, V1TopologySpreadConstraint } from '@kubernetes/client-node';
import type { z } from 'zod';

/** What only the API server checks has Kubernetes' types here. */
interface KubernetesObjects {
  tolerations: V1Toleration[];
  affinity?: V1Affinity | undefined;
  topologySpreadConstraints: V1TopologySpreadConstraint[];
}
export type KubernetesPoolSettings = Omit<z.infer<typeof kubernetesPoolSettingsSchema>, keyof KubernetesObjects> & KubernetesObjects;

/** The pool's settings, whole; throws an InvalidRequestError that names every problem. */
export function readPoolSettings({ id, settings }: Pick<Pool, 'id' | 'settings'>): KubernetesPoolSettings {
  const parsed = kubernetesPoolSettingsSchema.safeParse(settings);
  if (parsed.success) return parsed.data as KubernetesPoolSettings;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'settings'}: ${message}`).join('; ');
  throw new InvalidRequestError(`The settings of pool ${id} do not suit Kubernetes: ${problems}`);
}
