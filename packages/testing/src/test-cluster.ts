import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    cluster: TestCluster;
  }
}

export interface TestCluster {
  kubeconfig: string;
  /** An image with `node` on its PATH. */
  nodeImage: string;
  imagePullPolicy: 'Never' | 'IfNotPresent';
  /** Where the cluster's own parts can be restarted; null for a cluster that was given. */
  local: { assets: string; directory: string } | null;
}

const run = promisify(execFile);
const NODES = ['node-0'];

/** Puts an image into the store of every node: there is no registry. */
export async function importImage(archive: string, directory: string): Promise<void> {
  for (const node of NODES)
    await run('ctr', ['--address', join(directory, node, 'containerd.sock'), '--namespace', 'k8s.io', 'images', 'import', archive]);
}

/** The cluster of this run; there is one in `npm run test:cluster` only. */
export function testCluster(): TestCluster {
  return inject('cluster');
}
