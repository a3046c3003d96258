import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KubeConfig } from '@kubernetes/client-node';
import { SharingKubeConfig } from '../../packages/launcher/src/kubernetes/sharing-kube-config.ts';
import { untilDone } from './until.ts';

/** A real control plane over nodes that are simulated: their pods start at once, and end after `simulate/run-seconds` where nobody ends them before. */
export interface SimulatedCluster {
  kubeconfig: string;
  config: KubeConfig;
  /** Requests that the API server has answered since it started, by verb and resource; what keeps nodes alive is left out. */
  requests(): Promise<Map<string, number>>;
  stop(): Promise<void>;
}

/** Where the cluster's parts lie, as for `npm run test:cluster`. */
const ASSETS = process.env.KUBE_ASSETS ?? fileURLToPath(new URL('../../../shared/kube', import.meta.url));
/** Heartbeats of nodes and their controllers, which grow with time and not with jobs; a watch is one request, however long. */
const NOT_COUNTED = new Set(['leases', 'nodes', 'tokenreviews', 'subjectaccessreviews']);
const START_TIMEOUT_MS = 300_000;

export async function startSimulatedCluster({ nodes, kueue = false }: { nodes: number; kueue?: boolean }): Promise<SimulatedCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'capstan-simulation-'));
  const stop = () => endCluster(directory);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop().finally(() => process.exit(1)));
  const flags = ['--nodes', '0', '--fake-nodes', String(nodes), ...(kueue ? ['--kueue'] : [])];
  // A base of its own: another cluster may be running on this machine.
  const portBase = 26_400 + 100 * Math.floor(Math.random() * 50);
  try {
    await run('up', [directory, ...flags], { KUBE_PORT_BASE: String(portBase) });
    await adjustParts(directory, nodes);
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
  const kubeconfig = join(directory, 'kubeconfig');
  const config = new SharingKubeConfig(() => undefined);
  config.loadFromFile(kubeconfig);
  return {
    kubeconfig,
    config,
    stop,
    requests: async () => parseRequests(await readMetrics(join(directory, 'bin', 'kubectl'), kubeconfig)),
  };
}

/**
 * One process sends the heartbeats of all simulated nodes, and a busy machine delays it: they come rarely here, and the control plane has patience. It would also
 * remove ended pods above 2,000, where Kubernetes' own default keeps 12,500.
 */
const PATIENCE = ['--node-monitor-grace-period 1200s', '--terminated-pod-gc-threshold 12500'];
const RARE_LEASES = '--node-lease-duration-seconds 1000';

/** kwok plays four pods at a time by itself: fewer than begin and end. Its own stages of nodes, which are ready by now, would tell their state every minute. */
const MORE_PODS_AT_ONCE = `apiVersion: config.kwok.x-k8s.io/v1alpha1
kind: KwokConfiguration
options: {podPlayStageParallelism: 64}
---
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: {name: no-node}
spec:
  resourceRef: {apiGroup: v1, kind: Node}
  selector: {matchLabels: {capstan.dev/simulated: never}}
  next: {statusTemplate: ''}
`;

const READINESS = '{.items[*].status.conditions[?(@.type=="Ready")].status}';

async function adjustParts(directory: string, nodes: number): Promise<void> {
  // Patience first: without it some node or other is taken for lost at any time.
  await restartWith(directory, 'kube-controller-manager', PATIENCE);
  await untilDone('nodes', async () => {
    const asked = ['--kubeconfig', join(directory, 'kubeconfig'), 'get', 'nodes', '-o', `jsonpath=${READINESS}`];
    const ready = (await capture(join(directory, 'bin', 'kubectl'), asked, {})).split(' ').filter((status) => status === 'True').length;
    return { isDone: ready === nodes, state: `${ready} of ${nodes} are ready` };
  });
  const options = join(directory, 'conf', 'kwok-options.yaml');
  await writeFile(options, MORE_PODS_AT_ONCE);
  await restartWith(directory, 'kwok', [`--config ${options}`, RARE_LEASES]);
}

/** Of a flag that is given twice the last one counts, or both where it is a list. */
async function restartWith(directory: string, part: string, flags: string[]): Promise<void> {
  await appendFile(join(directory, 'conf', `${part}.command`), flags.join(' '));
  await run('restart', [directory, part]);
}

/** `down` takes the bridges and rules of every cluster away, and one with nodes of its own may be running beside this. */
async function endCluster(directory: string): Promise<void> {
  if (!existsSync('/sys/class/net/kube-0')) return run('down', [directory, '--delete']);
  for (const part of await readdir(join(directory, 'pid'))) {
    const group = Number(await readFile(join(directory, 'pid', part), 'utf8'));
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  await rm(directory, { recursive: true, force: true, maxRetries: 10 });
}

/** How many more there are than before, by verb and resource, the most frequent first. */
export function growth(before: Map<string, number>, after: Map<string, number>): [string, number][] {
  const grown = [...after].map(([key, count]): [string, number] => [key, count - (before.get(key) ?? 0)]);
  return grown.filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a);
}

const SAMPLE = /^apiserver_request_total\{(.*)\} (\S+)$/;

function parseRequests(metrics: string): Map<string, number> {
  const totals = new Map<string, number>();
  for (const line of metrics.split('\n')) {
    const [, labels = '', count] = SAMPLE.exec(line) ?? [];
    const labelOf = (name: string) => new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
    const [verb, resource] = [labelOf('verb'), labelOf('resource')];
    if (count === undefined || verb === 'WATCH' || NOT_COUNTED.has(resource)) continue;
    const key = `${verb} ${resource || 'other'}`;
    totals.set(key, (totals.get(key) ?? 0) + Number(count));
  }
  return totals;
}

function readMetrics(kubectl: string, kubeconfig: string): Promise<string> {
  return capture(kubectl, ['--kubeconfig', kubeconfig, 'get', '--raw', '/metrics'], {});
}

async function run(script: string, args: string[], env: Record<string, string> = {}): Promise<void> {
  await capture(join(ASSETS, script), args, env);
}

function capture(program: string, args: string[], env: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: START_TIMEOUT_MS });
    const [said, complained]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => complained.push(chunk));
    child.on('error', reject);
    // The cluster's parts hold on to the pipes of whoever started them: the end of the program counts, not that of its output.
    child.on('exit', (code) => {
      if (code === 0) setImmediate(() => resolve(Buffer.concat(said).toString()));
      else reject(new Error(`${program}: ${Buffer.concat(complained).toString().trim().split('\n').at(-1)}`));
    });
  });
}
