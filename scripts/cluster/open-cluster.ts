import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { repositoryRoot } from '../images/app-files.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';

export interface OpenCluster {
  kubectl: Kubectl;
  kubeconfig: string;
  /** Puts an image archive into every node: there is no registry. */
  load(archive: string): void;
  /** Where the cluster keeps its things, if it is one of this machine. */
  folder: string | null;
}

export interface ClusterChoice {
  /** Of a cluster that is there already; without it one is started in `folder`, or found there. */
  kubeconfig: string | undefined;
  /** What puts an image archive into that cluster's nodes, e.g. `kind load image-archive`; the archive's path is appended. */
  loadCommand: string | undefined;
  folder: string;
  announce: (text: string) => void;
}

const NODES = '1';

/** The cluster to work on; called twice it answers the same one. */
export async function openCluster({ kubeconfig, loadCommand, folder, announce }: ClusterChoice): Promise<OpenCluster> {
  if (kubeconfig !== undefined) return givenCluster(kubeconfig, loadCommand);
  const cluster = ownCluster(folder);
  if (existsSync(cluster.kubeconfig) && (await isAnswering(cluster.kubectl))) return cluster;
  announce('Starting a Kubernetes on this machine.');
  mkdirSync(folder, { recursive: true });
  execFileSync(join(assets(), 'up'), [folder, '--nodes', NODES], { stdio: ['ignore', 'ignore', 'inherit'] });
  return cluster;
}

/** Ends the cluster that was started in `folder`; nothing of it is left. */
export function closeCluster(folder: string): void {
  if (existsSync(folder)) execFileSync(join(assets(), 'down'), [folder, '--delete'], { stdio: 'ignore' });
}

function givenCluster(kubeconfig: string, loadCommand: string | undefined): OpenCluster {
  const load = (archive: string) => {
    if (loadCommand === undefined)
      throw new Error('Say how images come into the nodes of this cluster: --load "kind load image-archive", or the like.');
    execFileSync('sh', ['-c', `${loadCommand} "$1"`, 'load', archive], { stdio: 'inherit' });
  };
  return { kubectl: createKubectl({ program: 'kubectl', kubeconfig }), kubeconfig, load, folder: null };
}

function ownCluster(folder: string): OpenCluster {
  const kubeconfig = join(folder, 'kubeconfig');
  const load = (archive: string) => {
    for (const node of readdirSync(folder).filter((name) => /^node-\d+$/.test(name))) {
      const store = ['--address', join(folder, node, 'containerd.sock'), '--namespace', 'k8s.io'];
      execFileSync('ctr', [...store, 'images', 'import', archive], { stdio: ['ignore', 'ignore', 'inherit'] });
    }
  };
  return { kubectl: createKubectl({ program: join(folder, 'bin', 'kubectl'), kubeconfig }), kubeconfig, load, folder };
}

async function isAnswering(kubectl: Kubectl): Promise<boolean> {
  try {
    return (await kubectl(['get', '--raw', '/readyz', '--request-timeout=5s'])) === 'ok';
  } catch {
    return false;
  }
}

function assets(): string {
  const folder = resolve(repositoryRoot, process.env.KUBE_ASSETS ?? '../shared/kube');
  if (existsSync(join(folder, 'up'))) return folder;
  throw new Error('There is no cluster: set KUBECONFIG, or KUBE_ASSETS to a folder that can start one.');
}
