import type { Pool } from '@capstan/core';
import type { V1Job, V1OwnerReference, V1PodFailurePolicy, V1Secret, V1Service } from '@kubernetes/client-node';
import type { LaunchSpec } from '../launcher.ts';
import { buildPodTemplate, given } from './build-pod-template.ts';
import { CONTAINER, LABELS, launchLabels } from './names.ts';
import { readPoolSettings } from './pool-settings.ts';

/** How a worker says that it was started wrongly, which no repetition cures. */
const CONFIG_INVALID = 2;
const KILLED = 137;

/**
 * The whole attempt as one object: all ranks or none, and none of them twice. An attempt that fails is over, because the next one has an
 * epoch of its own; so every rule of the failure policy ends the Job, and differs in what it says to those who look.
 */
export function buildJobManifest(spec: LaunchSpec, pool: Pool): V1Job {
  const settings = readPoolSettings(pool);
  const { activeDeadlineSeconds, ttlSecondsAfterFinished, queueName } = settings;
  const queue: Record<string, string> = queueName === undefined ? {} : { [LABELS.queue]: queueName };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: spec.name, labels: { ...launchLabels(spec), ...queue }, annotations: settings.annotations },
    spec: {
      completionMode: 'Indexed',
      completions: spec.worldSize,
      parallelism: spec.worldSize,
      backoffLimit: 0,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: POD_FAILURE_POLICY,
      ttlSecondsAfterFinished,
      suspend: queueName !== undefined,
      ...given({ activeDeadlineSeconds }),
      template: buildPodTemplate(spec, settings),
    },
  };
}

const POD_FAILURE_POLICY: V1PodFailurePolicy = {
  rules: [
    { action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    { action: 'FailJob', onExitCodes: { containerName: CONTAINER, operator: 'In', values: [KILLED] } },
    { action: 'FailJob', onExitCodes: { containerName: CONTAINER, operator: 'In', values: [CONFIG_INVALID] } },
  ],
};

/** What the ranks need beside their Job. It belongs to the Job, and goes with it. */
export function buildCompanions(spec: LaunchSpec, job: V1Job): { secret: V1Secret; service: V1Service | null } {
  const metadata = { name: spec.name, labels: launchLabels(spec), ownerReferences: [ownerReference(job)] };
  return {
    secret: { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', immutable: true, metadata, stringData: { token: spec.token } },
    service: spec.worldSize === 1 ? null : buildRankService(spec, metadata),
  };
}

/** Gives rank r the name `<launch>-<r>.<launch>`, also before it is ready: ranks look for each other while they start. */
function buildRankService(spec: LaunchSpec, metadata: V1Service['metadata']): V1Service {
  const selector = { [LABELS.name]: spec.name };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    ...given({ metadata }),
    spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector, ports: [{ name: 'ranks', port: 7071 }] },
  };
}

function ownerReference({ metadata }: V1Job): V1OwnerReference {
  return { apiVersion: 'batch/v1', kind: 'Job', name: metadata?.name ?? '', uid: metadata?.uid ?? '' };
}
