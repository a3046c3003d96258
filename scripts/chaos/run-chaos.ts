import { setTimeout as sleep } from 'node:timers/promises';
import { drawRound, VICTIMS, type Victim } from './draw.ts';
import { createFrozenRanks } from './frozen-ranks.ts';
import { growOld } from './grow-old.ts';
import { createInsist } from './insist.ts';
import { judgeAttempts } from './judge-attempts.ts';
import { judgeDeaths } from './judge-deaths.ts';
import { judgeJobs } from './judge-jobs.ts';
import { judgeResults } from './judge-results.ts';
import { judgeSteps } from './judge-steps.ts';
import { findLeftovers } from './leftovers.ts';
import { openStack, type Stack } from './open-stack.ts';
import { keepPlacing, liveOut, type PlacedJob, placeJob, type Submitter } from './place-jobs.ts';
import { makeRecipes } from './recipes.ts';
import { withDatabase } from './recorder.ts';
import { strike } from './strike.ts';
import type { Problem } from './verdict.ts';

export interface ChaosOptions {
  rounds: number;
  seed: number;
  env: Record<string, string | undefined>;
  announce: (line: string) => void;
}

export interface ChaosReport {
  seconds: number;
  /** Jobs of the chaos, those that nobody disturbed not among them. */
  jobs: number;
  succeeded: number;
  cancelled: number;
  /** Launches of their ranks. */
  attempts: number;
  /** Those that went on from a checkpoint. */
  resumed: number;
  struck: Partial<Record<Victim, number>>;
  /** Frozen workers that woke up when their attempt was over. */
  outlived: number;
  problems: Problem[];
}

/** Jobs under way at any moment: one more than the pool has workers, so that there is a queue. */
const LANES = 4;
const PASSES = 5;
const PASS_MS = 15_000;
const LOOK_EVERY_MS = 1_000;

/** Brings the platform up, trains each recipe in peace, then strikes round after round while jobs come and go, and judges what is left. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const startedAt = performance.now();
  const stack = await openStack(options.env);
  const { client } = stack;
  const insist = createInsist();
  const submitter: Submitter = { client, insist, recipes: await makeRecipes(client), seed: options.seed };
  const frozen = createFrozenRanks(client, { insist, say: options.announce });
  try {
    const references = await trainInPeace(submitter);
    options.announce(`Trained ${references.length} recipes in peace.`);
    const feed = keepPlacing(submitter, LANES);
    const isSteady = (jobId: string) => feed.placed.some(({ id, fate }) => id === jobId && fate === 'run');
    const struck = await strikeRounds({ platform: stack.platform, client, insist, frozen, isSteady }, options);
    options.announce('No more strikes: waiting for every job to end.');
    await Promise.all([feed.stop(), frozen.allAwake()]);
    const { placed } = feed;
    const problems = [
      ...feed.stuck.map((text): Problem => ({ fault: 'lost', text })),
      ...insist.faults.map((text): Problem => ({ fault: 'serverErrors', text })),
      ...judgeDeaths(stack.said, struck),
      ...(await judge(stack, { references, placed })),
    ];
    const count = (wanted: PlacedJob['expected']) => placed.filter(({ expected }) => expected === wanted).length;
    return {
      seconds: Math.round((performance.now() - startedAt) / 100) / 10,
      jobs: placed.length,
      succeeded: count('succeeded'),
      cancelled: count('cancelled'),
      ...(await countAttempts(stack, references.length)),
      struck,
      outlived: frozen.outlived,
      problems,
    };
  } finally {
    frozen.wakeAll();
    await stack.close();
  }
}

async function trainInPeace(submitter: Submitter): Promise<PlacedJob[]> {
  return Promise.all(
    submitter.recipes.map(async (_, recipe) => {
      const job = await placeJob(submitter, { recipe, fate: 'run', afterMs: 0, isRepeated: false }, -1 - recipe);
      await liveOut(submitter, job, 0);
      return job;
    }),
  );
}

async function strikeRounds(field: Parameters<typeof strike>[0], { rounds, seed, announce }: ChaosOptions) {
  const victims = VICTIMS.filter((victim) => field.platform.queue === 'redis' || !victim.includes('redis'));
  const struck: Partial<Record<Victim, number>> = {};
  for (let round = 0; round < rounds; round += 1) {
    const drawn = drawRound(seed, round, victims);
    await sleep(drawn.afterMs);
    announce(`round ${round + 1}: ${await strike(field, drawn)}`);
    struck[drawn.victim] = (struck[drawn.victim] ?? 0) + 1;
  }
  return struck;
}

async function judge(stack: Stack, jobs: { references: PlacedJob[]; placed: PlacedJob[] }): Promise<Problem[]> {
  const all = [...jobs.references, ...jobs.placed];
  const problems = await withDatabase(stack.platform.databaseUrl, async (client) => [
    ...(await judgeJobs(client, all)),
    ...(await judgeAttempts(client)),
    ...(await judgeSteps(client, all)),
    ...(await judgeResults(client, jobs)),
  ]);
  await growOld(stack.platform);
  return [...problems, ...(await waitForSweeps(stack)).map((text): Problem => ({ fault: 'orphans', text }))];
}

/**
 * What is left at the last look. The sweep of artifacts rests for minutes after a pass, and lets go in one pass of what it deletes in the
 * next; a scheduler that has just started begins with a pass.
 */
async function waitForSweeps({ platform }: Stack): Promise<string[]> {
  let left: string[] = [];
  for (let pass = 0; pass < PASSES; pass += 1) {
    await Promise.all([platform.restartApi(), platform.restartScheduler()]);
    const lookAgainUntil = performance.now() + PASS_MS;
    do {
      await sleep(LOOK_EVERY_MS);
      left = await findLeftovers(platform);
      if (left.length === 0) return [];
    } while (performance.now() < lookAgainUntil);
  }
  return left;
}

async function countAttempts({ platform }: Stack, references: number): Promise<Pick<ChaosReport, 'attempts' | 'resumed'>> {
  const { rows } = await withDatabase(platform.databaseUrl, (client) =>
    client.query<{ attempts: number; resumed: number }>(`
      SELECT count(*)::int AS attempts, count(*) FILTER (WHERE first_step > 1)::int AS resumed
      FROM attempts LEFT JOIN (SELECT job_id, attempt, min(step) AS first_step FROM chaos.steps GROUP BY 1, 2) AS f USING (job_id, attempt)`),
  );
  const { attempts = 0, resumed = 0 } = rows[0] ?? {};
  return { attempts: attempts - references, resumed };
}
