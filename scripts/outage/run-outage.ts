import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@capstan/client';
import { isTerminal } from '@capstan/core';
import { systemClock } from '@capstan/runtime';
import { dataDirAt, type Platform, startPlatform } from '../../apps/cli/src/platform/index.ts';
import { ask } from './ask.ts';
import { jobRequest, judgeJob, type Submitter, trainedSteps, untilJob, uploadRows } from './jobs.ts';
import { type Expectation, listOutages, type Outage, type Service } from './outages.ts';
import { type OwnStores, startOwnStores } from './own-stores.ts';

export interface OutageReport {
  seconds: number;
  jobs: number;
  /** Steps that were trained while the service was away; absent where there was no such outage. */
  trainedMeanwhile: Partial<Record<Service, number>>;
  /** Everything that must not be, in words; empty when all is well. */
  problems: string[];
}

interface OutageOptions {
  /** How long each service is away. */
  seconds: number;
  env: Record<string, string | undefined>;
  announce: (message: string) => void;
}

interface Stack {
  platform: Platform;
  stores: OwnStores;
  submitter: Submitter;
  options: OutageOptions;
}

interface PlacedJob {
  id: string;
  steps: number;
}

/** Steps of the job that trains in an outage, for each of its seconds: enough to train while it lasts, few enough to wait for. */
const STEPS_A_SECOND = 3;
/** Of a job that is only created while a service is away. */
const FEW_STEPS = 3;
const POLL_MS = 100;
/** Far beyond what any answer, and any return, takes. */
const PATIENCE_MS = 120_000;

/** Brings a platform up, takes one service after the other away while a real job trains, and looks at what became of it. */
export async function runOutage(options: OutageOptions): Promise<OutageReport> {
  const root = await mkdtemp(join(tmpdir(), 'capstan-outage-'));
  // As root, Postgres runs as another user, who must be able to pass.
  await chmod(root, 0o755);
  const stores = await startOwnStores(root);
  try {
    return await withPlatform(root, stores, options);
  } finally {
    await stores.redis?.stop();
    await stores.postgres.stop();
    await rm(root, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function withPlatform(root: string, stores: OwnStores, options: OutageOptions): Promise<OutageReport> {
  const platform = await startPlatform({
    dataDir: dataDirAt(root),
    env: { ...options.env, DATABASE_URL: stores.postgres.url, REDIS_URL: stores.redis?.url, CAPSTAN_MODELS_DIR: undefined },
    clock: systemClock,
    fetch,
    signal: new AbortController().signal,
    apiPort: 0,
    grpcPort: 0,
    announce: options.announce,
  });
  try {
    const client = createClient({ baseUrl: platform.baseUrl, apiKey: platform.apiKey, clock: systemClock });
    const submitter = { client, trainingFile: await uploadRows(client) };
    return await goThroughAll({ platform, stores, submitter, options });
  } finally {
    await platform.stop();
  }
}

async function goThroughAll(stack: Stack): Promise<OutageReport> {
  const { submitter, options } = stack;
  const jobs: PlacedJob[] = [];
  const trainedMeanwhile: OutageReport['trainedMeanwhile'] = {};
  const problems: string[] = [];
  for (const outage of listOutages(stack.platform, stack.stores)) {
    const seen = await goThrough(outage, stack);
    jobs.push(...seen.jobs);
    trainedMeanwhile[outage.service] = seen.trained;
    problems.push(...seen.problems.map((problem) => `While ${outage.service} was away: ${problem}`));
  }
  for (const { id, steps } of jobs) problems.push(...(await judgeJob(submitter, id, steps)));
  return { seconds: options.seconds, jobs: jobs.length, trainedMeanwhile, problems };
}

/** Takes the service away once a job trains, asks what must be answered, and brings it back. */
async function goThrough(outage: Outage, stack: Stack): Promise<{ jobs: PlacedJob[]; trained: number; problems: string[] }> {
  const { platform, submitter, options } = stack;
  const steps = STEPS_A_SECOND * options.seconds;
  const { id } = await submitter.client.jobs.create(jobRequest(submitter, steps));
  const jobs = [{ id, steps }];
  await untilJob(submitter, id, ({ capstan }) => (capstan.progress?.step ?? 0) >= 2);
  options.announce(`${outage.service} goes away for ${options.seconds} s.`);
  await outage.begin();
  const awayAt = systemClock.now().getTime();
  const problems = await findWrongAnswers(outage.expected, id, platform);
  if (outage.takesJobs) jobs.push(await createMeanwhile(stack));
  await sleep(Math.max(0, awayAt + options.seconds * 1_000 - systemClock.now().getTime()));
  const backAt = systemClock.now().getTime();
  await outage.end();
  await untilAnswered(READY, id, platform);
  options.announce(`${outage.service} is back.`);
  await untilJob(submitter, id, ({ capstan }) => isTerminal(capstan.state));
  const meanwhile = (await trainedSteps(submitter, id)).filter(({ atMs }) => atMs >= awayAt && atMs <= backAt);
  if (meanwhile.length < 2) problems.push(`${id} trained only ${meanwhile.length} steps.`);
  return { jobs, trained: meanwhile.length, problems };
}

const READY: Expectation = { what: 'the platform is ready', path: () => '/readyz', isRight: ({ status }) => status === 200 };

async function createMeanwhile({ submitter }: Stack): Promise<PlacedJob> {
  const { id } = await submitter.client.jobs.create(jobRequest(submitter, FEW_STEPS));
  return { id, steps: FEW_STEPS };
}

async function findWrongAnswers(expected: Expectation[], jobId: string, platform: Platform): Promise<string[]> {
  const answers = await Promise.all(expected.map((expectation) => untilAnswered(expectation, jobId, platform)));
  return answers.filter((problem) => problem !== null);
}

/** Asks until the answer is right; null then, else what was answered last. */
async function untilAnswered({ what, path, json, isRight }: Expectation, jobId: string, platform: Platform): Promise<string | null> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask(platform, path(jobId), json);
    if (isRight(answer)) return null;
    if (performance.now() > giveUpAt) return `"${what}" never held; ${path(jobId)} last answered ${answer.status}: ${answer.body}`;
    await sleep(POLL_MS);
  }
}
