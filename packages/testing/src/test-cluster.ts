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

/** The cluster of this run; there is one in `npm run test:cluster` only. */
export function testCluster(): TestCluster {
  return inject('cluster');
}
