import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A cluster that ends with the run. */
export interface LocalCluster {
  directory: string;
  kubeconfig: string;
  nodes: string[];
  importImage(archive: string): Promise<void>;
  /** Ends one part (`kube-apiserver`, `kubelet-0`, …) and starts it again, or with `stop` only ends it. */
  restart(part: string, how?: 'stop'): Promise<void>;
  stop(): Promise<void>;
}

export interface LocalClusterOptions {
  nodes: number;
  gpus: number;
  fakeNodes: number;
  kueue: boolean;
}

/** What is missing on this machine to start a cluster from `assets`; null where nothing is. */
export function whyNoCluster(assets: string): string | null {
  if (!existsSync(join(assets, 'up'))) return `${assets} has no cluster to start`;
  if (process.getuid?.() !== 0) return 'starting a cluster needs root';
  const missing = ['containerd', 'runc', 'iptables', 'conntrack', 'ip', 'openssl', 'xz'].filter((tool) => !isInstalled(tool));
  if (!existsSync('/usr/lib/cni/bridge')) missing.push('containernetworking-plugins');
  return missing.length === 0 ? null : `not installed: ${missing.join(', ')}`;
}

/** Starts Kubernetes in a directory of its own and waits until its nodes are ready. */
export async function startLocalCluster(assets: string, { nodes, gpus, fakeNodes, kueue }: LocalClusterOptions): Promise<LocalCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-cluster-'));
  const stop = async () => void (await run(join(assets, 'down'), [directory, '--delete']));
  const base = 26_400 + 100 * Math.floor(Math.random() * 50);
  const flags = ['--nodes', `${nodes}`, '--gpus', `${gpus}`, '--fake-nodes', `${fakeNodes}`, ...(kueue ? ['--kueue'] : [])];
  const environment = { ...process.env, KUBE_PORT_BASE: String(base) };
  try {
    await run(join(assets, 'up'), [directory, ...flags], { env: environment });
  } catch (error) {
    await stop();
    throw error;
  }
  const names = Array.from({ length: nodes }, (_, index) => `node-${index}`);
  return {
    directory,
    kubeconfig: join(directory, 'kubeconfig'),
    nodes: names,
    async importImage(archive) {
      for (const name of names)
        await run('ctr', ['--address', join(directory, name, 'containerd.sock'), '--namespace', 'k8s.io', 'images', 'import', archive]);
    },
    restart: async (part, how) => void (await run(join(assets, 'restart'), [directory, part, ...(how === undefined ? [] : [how])])),
    stop,
  };
}

function isInstalled(tool: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${tool}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
