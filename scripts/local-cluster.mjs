// Starts a Kubernetes of our own on this machine, from KUBE_ASSETS.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { root } from './bootstrap.mjs';

const TOOLS = ['containerd', 'runc', 'iptables', 'conntrack', 'ip', 'openssl', 'xz'];
const BRIDGE = '/usr/lib/cni/bridge';

export const ASSETS = resolve(root, process.env.KUBE_ASSETS ?? '../shared/kube');

/** Why no cluster can be started here; null where nothing stands against it. */
export function whyNoCluster() {
  if (!existsSync(join(ASSETS, 'up'))) return 'there is nothing to start a cluster from';
  if (process.getuid?.() !== 0) return 'starting a cluster needs root';
  const missing = TOOLS.filter((tool) => !isInstalled(tool));
  if (!existsSync(BRIDGE)) missing.push('containernetworking-plugins');
  return missing.length === 0 ? null : `not installed: ${missing.join(', ')}`;
}

/** Answers where the cluster lies and how to end it, or why it did not come up; then nothing of it is left. */
export function startLocalCluster(flags) {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-cluster-'));
  const stop = () => spawnSync(join(ASSETS, 'down'), [directory, '--delete'], { stdio: 'ignore' });
  const base = 26_400 + 100 * Math.floor(Math.random() * 50);
  const env = { ...process.env, KUBE_PORT_BASE: String(base) };
  const { status, stderr, error } = spawnSync(join(ASSETS, 'up'), [directory, ...flags], { env, encoding: 'utf8', timeout: 300_000 });
  if (status === 0) return { directory, stop, problem: null };
  stop();
  return { directory, stop, problem: error?.message ?? stderr.trim().split('\n').at(-1) };
}

function isInstalled(tool) {
  try {
    execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
