import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { buildNodeImage } from './node-image.ts';
import type {} from './test-cluster.ts';

const run = promisify(execFile);
const NODE_IMAGE = 'localhost/node:test';
const NODES = ['node-0'];

/** Tells the suites of the cluster that KUBECONFIG names, or of the one that was started for them in CLUSTER_DIRECTORY. */
export default async function setup(project: TestProject): Promise<void> {
  const { KUBECONFIG, CLUSTER_DIRECTORY: directory, KUBE_ASSETS: assets, TEST_NODE_IMAGE } = process.env;
  if (directory !== undefined && assets !== undefined) {
    await importNodeImage(directory);
    const local = { assets, directory };
    project.provide('cluster', { kubeconfig: join(directory, 'kubeconfig'), nodeImage: NODE_IMAGE, imagePullPolicy: 'Never', local });
    return;
  }
  if (!KUBECONFIG) throw new Error('These suites need a cluster: run them by `npm run test:cluster`, or set KUBECONFIG.');
  const nodeImage = TEST_NODE_IMAGE ?? 'node:20-slim';
  project.provide('cluster', { kubeconfig: KUBECONFIG, nodeImage, imagePullPolicy: 'IfNotPresent', local: null });
}

/** Into every node's store: there is no registry. */
async function importNodeImage(directory: string): Promise<void> {
  const archive = buildNodeImage(directory, NODE_IMAGE);
  for (const node of NODES)
    await run('ctr', ['--address', join(directory, node, 'containerd.sock'), '--namespace', 'k8s.io', 'images', 'import', archive]);
  await rm(archive);
}
