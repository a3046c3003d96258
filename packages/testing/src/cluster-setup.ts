import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildNodeImage } from './node-image.ts';
import { importImage } from './test-cluster.ts';

const NODE_IMAGE = 'localhost/node:test';

/** Tells the suites of the cluster that KUBECONFIG names, or of the one that was started for them in CLUSTER_DIRECTORY. */
export default async function setup(project: TestProject): Promise<void> {
  const { KUBECONFIG, CLUSTER_DIRECTORY: directory, KUBE_ASSETS: assets, TEST_NODE_IMAGE } = process.env;
  if (directory !== undefined && assets !== undefined) {
    const archive = buildNodeImage(directory, NODE_IMAGE);
    await importImage(archive, directory);
    await rm(archive);
    const local = { assets, directory };
    project.provide('cluster', { kubeconfig: join(directory, 'kubeconfig'), nodeImage: NODE_IMAGE, imagePullPolicy: 'Never', local });
    return;
  }
  if (!KUBECONFIG) throw new Error('These suites need a cluster: run them by `npm run test:cluster`, or set KUBECONFIG.');
  const nodeImage = TEST_NODE_IMAGE ?? 'node:20-slim';
  project.provide('cluster', { kubeconfig: KUBECONFIG, nodeImage, imagePullPolicy: 'IfNotPresent', local: null });
}
