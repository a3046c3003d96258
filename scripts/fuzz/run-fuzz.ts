import { fileURLToPath } from 'node:url';
import { endPlayedRank } from './aftermath.ts';
import { type OpenWorld, openWorld } from './open-world.ts';
import { residentMiB } from './processes.ts';
import { readRoutes } from './routes.ts';
import { type FuzzTools, runOne } from './run-one.ts';
import { createGrpcSender } from './send-grpc.ts';
import { createHttpSender } from './send-http.ts';
import { Tally } from './tally.ts';

export interface FuzzOptions {
  requests: number;
  seed: number;
  /** Only this one of them is sent: repeats a failure. */
  only?: number | undefined;
  env: Record<string, string | undefined>;
  announce: (message: string) => void;
}

export interface FuzzReport {
  requests: number;
  seconds: number;
  tally: Tally;
  /** What resident memory falls back to at the end, above what it fell back to after the warm-up. */
  growthMiB: Memory;
  /** Everything that must not be, in words; empty when all is well. */
  problems: string[];
}

/** Resident MiB of each. */
interface Memory {
  api: number;
  scheduler: number;
}

const CONCURRENCY = 12;
/** By then every route has been used, and caches and pools have their size. Memory that is kept shows in its lowest readings, as garbage waits to be collected. */
const WARM_SHARES = { from: 0.2, to: 0.5 };
const END_SHARE = 0.7;
/** A look at /proc per so many requests. */
const LOOK_EVERY = 50;
/** Node gives freed memory back late and in part, so a run may end this far above its warm-up without holding anything. */
export const MOST_GROWTH_MIB = 96;
const SETTLE_MS = 2_000;

const DESCRIPTION = fileURLToPath(new URL('../../docs/openapi.json', import.meta.url));

/** Brings a platform up, sends it `requests` generated requests and looks at what became of it. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzReport> {
  const opened = await openWorld(options.env);
  const { world, platform } = opened;
  const tools: FuzzTools = {
    world,
    routes: readRoutes(DESCRIPTION),
    http: createHttpSender(world.apiPort),
    grpc: createGrpcSender(world.grpcPort),
  };
  try {
    const before = platform.pids();
    const startedAt = performance.now();
    const { tally, readings } = await sendAll(tools, options, () => measure(opened));
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const growthMiB = growthOf([...readings, measure(opened)]);
    const problems = [...(await findDamage(opened, before)), ...memoryProblems(growthMiB), ...(await endPlayedRank(tools, platform))];
    return { requests: options.only === undefined ? options.requests : 1, seconds, tally, growthMiB, problems };
  } finally {
    tools.http.close();
    tools.grpc.close();
    await opened.close();
  }
}

async function sendAll(tools: FuzzTools, { requests, seed, only, announce }: FuzzOptions, look: () => Memory) {
  const tally = new Tally();
  const readings: Memory[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < requests; index = next++) {
      if (index % LOOK_EVERY === 0) readings.push(look());
      if (index > 0 && index % 1_000 === 0) announce(`${index} requests, ${tally.failures.length} failures`);
      const trial = await runOne(tools, seed, index);
      tally.count(trial, trial.verdict);
      if (trial.verdict.result === 'failed') tally.failures.push({ index, what: trial.what, problem: trial.verdict.problem });
    }
  };
  if (only !== undefined) [next, requests] = [only, only + 1];
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return { tally, readings };
}

function growthOf(readings: Memory[]): Memory {
  const at = (share: number) => Math.floor(readings.length * share);
  const lowest = (some: Memory[], name: keyof Memory) => Math.min(...some.map((reading) => reading[name]));
  const warm = readings.slice(at(WARM_SHARES.from), Math.max(at(WARM_SHARES.to), 1));
  const end = readings.slice(at(END_SHARE));
  return { api: lowest(end, 'api') - lowest(warm, 'api'), scheduler: lowest(end, 'scheduler') - lowest(warm, 'scheduler') };
}

function measure({ platform }: OpenWorld): Memory {
  const { api, scheduler } = platform.pids();
  return { api: api === null ? 0 : residentMiB(api), scheduler: scheduler === null ? 0 : residentMiB(scheduler) };
}

async function findDamage({ platform, world, said }: OpenWorld, before: ReturnType<OpenWorld['platform']['pids']>): Promise<string[]> {
  const after = platform.pids();
  const replaced = (['api', 'scheduler', 'postgres', 'redis'] as const).filter((name) => before[name] !== after[name]);
  const health = await Promise.all(
    ['/healthz', '/readyz'].map((path) => fetch(`${world.origin}${path}`).then(({ status }) => status, String)),
  );
  const files = await fetch(`${platform.baseUrl}/files`, { headers: { authorization: `Bearer ${world.foreign.keys.viewer}` } });
  const isWhole = (await files.text()).includes(world.canary);
  return [
    ...replaced.map((name) => `${name} was replaced: it ended during the run.`),
    ...said.filter((message) => message.includes('ended unexpectedly')),
    ...(health.every((status) => status === 200) ? [] : [`Health after the run: ${health.join(', ')}.`]),
    ...(isWhole ? [] : ['The files of the other project are gone.']),
  ];
}

function memoryProblems(growthMiB: FuzzReport['growthMiB']): string[] {
  return Object.entries(growthMiB)
    .filter(([, growth]) => growth > MOST_GROWTH_MIB)
    .map(([name, growth]) => `The ${name} grew by ${growth} MiB after the warm-up; ${MOST_GROWTH_MIB} MiB are allowed.`);
}
