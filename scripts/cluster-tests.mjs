// The suites that need a Kubernetes cluster: the one that KUBECONFIG names, or one that is started here and gone at the end.
import { join } from 'node:path';
import { root } from './bootstrap.mjs';
import { ASSETS, startLocalCluster, tellLastWords, whyNoCluster } from './local-cluster.mjs';
import { runVitest } from './run-vitest.mjs';

export const NOTHING = { passed: 0, failed: 0 };

/** Runs them, or says in one line why not and answers NOTHING. */
export function runClusterTests(filters) {
  const args = ['--config', join(root, 'vitest.cluster.config.ts'), ...filters];
  if (process.env.KUBECONFIG) return runOnGivenCluster(args);
  const obstacle = whyNoCluster();
  if (obstacle !== null) return skip(obstacle);
  const { directory, problem, stop } = startLocalCluster(['--nodes', '1', '--gpus', '2', '--kueue']);
  if (problem !== null) return skip(`the cluster did not come up: ${problem}`);
  // Whoever interrupts the tests ends them, not the clearing up.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  try {
    const totals = runVitest(args, { CLUSTER_DIRECTORY: directory, KUBE_ASSETS: ASSETS });
    if (totals.failed > 0) tellLastWords(directory);
    return totals;
  } finally {
    stop();
  }
}

/** Names what was left out: a cluster that was not started here cannot be taken apart, and may not reach this machine. */
function runOnGivenCluster(args) {
  const totals = runVitest(args);
  const { length } = totals.skipped;
  if (length > 0) process.stdout.write(`\n${length} skipped, for they need a cluster that is started here (unset KUBECONFIG):\n`);
  for (const name of totals.skipped) process.stdout.write(`  ${name}\n`);
  return totals;
}

function skip(why) {
  process.stdout.write(`\nNo tests on Kubernetes: ${why}. Set KUBECONFIG, or KUBE_ASSETS to a folder that can start a cluster.\n`);
  return NOTHING;
}
