import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchServices } from '../bench-services.ts';

/** The scheduler as it is built and deployed, in a process of its own. */
export interface SchedulerProcess {
  grpcAddress: string;
  workerTokenSecret: string;
  /** Its counters, by the whole name of the sample. */
  metrics(): Promise<Map<string, number>>;
  usage(): Promise<{ peakMiB: number; cpuSeconds: number }>;
  stop(): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../../apps/scheduler/dist/main.js', import.meta.url));
/** Linux counts a process's time in these; fixed for programs of users. */
const TICKS_PER_SECOND = 100;
const READY_TIMEOUT_MS = 60_000;

export async function startSchedulerProcess(
  { postgresUrl, redisUrl }: BenchServices,
  { kubeconfig, namespace }: { kubeconfig: string; namespace: string },
): Promise<SchedulerProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'capstan-scheduler-'));
  const [grpcAddress, healthAddress] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const workerTokenSecret = randomBytes(32).toString('hex');
  const env = {
    ...{ PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: postgresUrl, GRPC_ADDRESS: grpcAddress },
    ...(redisUrl === null ? {} : { REDIS_URL: redisUrl }),
    ...{ HEALTH_ADDRESS: healthAddress, WORKER_TOKEN_SECRET: workerTokenSecret, INTERNAL_TOKEN: randomBytes(16).toString('hex') },
    ...{ ARTIFACTS_DIR: join(directory, 'artifacts'), KUBECONFIG: kubeconfig, KUBERNETES_NAMESPACE: namespace, LOG_LEVEL: 'warn' },
    // A machine that carries a whole cluster keeps everybody waiting.
    ...{ HEARTBEAT_INTERVAL_MS: '20000', HEARTBEAT_TIMEOUT_MS: '300000' },
  };
  const log = createWriteStream(join(directory, 'log'));
  const child = spawn(process.execPath, [MAIN], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  for (const stream of [child.stdout, child.stderr]) stream.pipe(log, { end: false });
  const exited = once(child, 'exit');
  const metrics = async () => parseSamples(await (await fetch(`http://${healthAddress}/metrics`)).text());
  await untilAnswers(`http://${healthAddress}/readyz`);
  return {
    ...{ grpcAddress, workerTokenSecret, metrics },
    usage: () => readUsage(child.pid ?? 0),
    async stop() {
      child.kill('SIGTERM');
      await exited;
      const warnings = summarise(await readFile(join(directory, 'log'), 'utf8'));
      if (warnings !== '') console.log(`the scheduler warned:\n${warnings}`);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function readUsage(pid: number): Promise<{ peakMiB: number; cpuSeconds: number }> {
  const [status, stat] = await Promise.all([readFile(`/proc/${pid}/status`, 'utf8'), readFile(`/proc/${pid}/stat`, 'utf8')]);
  const peakKiB = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { peakMiB: Math.round(peakKiB / 1024), cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND };
}

function parseSamples(text: string): Map<string, number> {
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    samples.map((line): [string, number] => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

/** What was said, each kind once, with how often. */
function summarise(log: string): string {
  const counts = new Map<string, number>();
  for (const line of log.split('\n').filter((entry) => entry !== '')) {
    const { msg, err }: { msg?: string; err?: { message?: string } } = line.startsWith('{') ? JSON.parse(line) : { msg: line };
    const key = `${msg}${err?.message === undefined ? '' : ` (${err.message.replaceAll(/ftjob-\w+(-a\d+)?/g, 'ftjob-…').slice(0, 160)})`}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([message, count]) => `  ${count} × ${message}`).join('\n');
}

async function untilAnswers(url: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const isReady = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} did not answer.`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
