import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startLocalCluster } from './local-cluster.ts';
import { buildNodeImage } from './node-image.ts';
import type {} from './test-cluster.ts';

const NODE_IMAGE = 'localhost/node:test';

/** One cluster for the whole run: the one that KUBECONFIG names, or one that is started here and is gone at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.KUBECONFIG;
  if (given) {
    const nodeImage = process.env.TEST_NODE_IMAGE ?? 'node:20-slim';
    project.provide('cluster', { kubeconfig: given, nodeImage, imagePullPolicy: 'IfNotPresent', local: null });
    return async () => undefined;
  }
  const assets = resolve(process.env.KUBE_ASSETS ?? '../shared/kube');
  const cluster = await startLocalCluster(assets, { nodes: 1, gpus: 2, fakeNodes: 0, kueue: false });
  try {
    const archive = buildNodeImage(cluster.directory, NODE_IMAGE);
    await cluster.importImage(archive);
    await rm(archive);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  const { kubeconfig, directory, nodes } = cluster;
  const local = { assets, directory, nodes };
  project.provide('cluster', { kubeconfig, nodeImage: NODE_IMAGE, imagePullPolicy: 'Never', local });
  return cluster.stop;
}
