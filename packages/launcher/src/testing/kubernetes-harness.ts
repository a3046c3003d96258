import { randomBytes } from 'node:crypto';
import { poolSchema } from '@capstan/core';
import { testCluster } from '@capstan/testing';
import { CoreV1Api, KubeConfig, PatchStrategy } from '@kubernetes/client-node';
import type { LauncherHarness } from '../conformance.ts';
import { callOptions } from '../kubernetes/cluster-api.ts';
import { createKubernetesLauncher, type KubernetesLauncher } from '../kubernetes/create-kubernetes-launcher.ts';
import { SCRIPTED_WORKER } from '../scripted-worker.ts';

/** The first process of a container is deaf to signals that it has not asked for; an image's init stands before the worker, as this does here. */
const INIT = `
const { spawn } = require('node:child_process');
const worker = spawn(process.execPath, ['-e', process.argv[1]], { stdio: 'inherit' });
process.on('SIGTERM', () => worker.kill('SIGTERM'));
worker.on('exit', (code, signal) => process.exit(code ?? 128 + require('node:os').constants.signals[signal]));
`;

export interface KubernetesHarness extends LauncherHarness {
  namespace: string;
  core: CoreV1Api;
  createLauncher(): KubernetesLauncher;
}

/** A namespace of its own, where Pod Security enforces "restricted". */
export async function openKubernetesHarness(): Promise<KubernetesHarness> {
  const { kubeconfig, nodeImage, imagePullPolicy } = testCluster();
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const namespace = `capstan-${randomBytes(4).toString('hex')}`;
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await core.createNamespace({ body: { metadata: { name: namespace, labels } } });
  const launchers: KubernetesLauncher[] = [];
  const settings = {
    image: nodeImage,
    imagePullPolicy,
    command: ['node', '-e', INIT, SCRIPTED_WORKER],
    cpu: '50m',
    terminationGracePeriodSeconds: 5,
  };
  return {
    namespace,
    core,
    waitMs: 90_000,
    createLauncher() {
      const launcher = createKubernetesLauncher({ kubeconfig, namespace });
      launchers.push(launcher);
      return launcher;
    },
    pool: { ...poolSchema.parse({ id: 'pods', launcher: 'kubernetes', maxWorkers: 8, settings }), version: 1 },
    async close() {
      for (const launcher of launchers) await launcher.close();
      await releasePods(core, namespace);
      await core.deleteNamespace({ name: namespace });
    },
  };
}

/** Nobody will record how these ended. */
async function releasePods(core: CoreV1Api, namespace: string): Promise<void> {
  const { items } = await core.listNamespacedPod({ namespace });
  const options = callOptions({ contentType: PatchStrategy.MergePatch });
  for (const { metadata } of items)
    await core
      .patchNamespacedPod({ namespace, name: metadata?.name ?? '', body: { metadata: { finalizers: null } } }, options)
      .catch(() => undefined);
  await core.deleteCollectionNamespacedPod({ namespace, gracePeriodSeconds: 0 });
}
