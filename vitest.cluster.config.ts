import { defineConfig } from 'vitest/config';

/** Tests that need a Kubernetes cluster: `npm run test:cluster`. */
export default defineConfig({
  test: {
    include: ['{apps,packages}/*/src/**/*.cluster.test.ts', 'e2e/src/**/*.cluster.test.ts'],
    globalSetup: ['packages/testing/src/global-setup.ts', 'packages/testing/src/cluster-setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // One takes the API server away from all.
    fileParallelism: false,
  },
});
