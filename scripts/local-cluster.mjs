// Starts a Kubernetes of our own on this machine, from KUBE_ASSETS.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { root } from './bootstrap.mjs';

const TOOLS = ['containerd', 'runc', 'iptables', 'conntrack', 'ip', 'openssl', 'xz'];
const BRIDGE = '/usr/lib/cni/bridge';
/** Of the parts whose failure explains all others. */
const TOLD_LINES = 12;

export const ASSETS = resolve(root, process.env.KUBE_ASSETS ?? '../shared/kube');

/** Why no cluster can be started here; null where nothing stands against it. */
export function whyNoCluster() {
  if (!existsSync(join(ASSETS, 'up'))) return 'there is nothing to start a cluster from';
  if (process.getuid?.() !== 0) return 'starting a cluster needs root';
  if (isReserved()) return 'another cluster with nodes of its own runs on this machine, or left its bridge kube-0 behind';
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

/** The last words of the parts that matter most, for whoever has to find out why tests on the cluster failed. */
export function tellLastWords(directory) {
  for (const part of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubelet-0']) {
    const log = join(directory, 'log', `${part}.log`);
    if (!existsSync(log)) continue;
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-TOLD_LINES);
    process.stdout.write(`\n${part}:\n${lines.map((line) => line.slice(0, 300)).join('\n')}\n`);
  }
}

/** Two clusters cannot share the bridges, the cgroups and the rules that nodes need. */
function isReserved() {
  return existsSync('/sys/class/net/kube-0');
}

function isInstalled(tool) {
  try {
    execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
