import { setTimeout as sleep } from 'node:timers/promises';
import type { CapstanClient } from '@capstan/client';
import { isTerminal, type JobObject } from '@capstan/core';
import { drawOrder, type Fate, type Order } from './draw.ts';
import { type Insist, isRefusal } from './insist.ts';
import type { Recipe } from './recipes.ts';

/** A job that the API has accepted. */
export interface PlacedJob {
  id: string;
  /** The Idempotency-Key: one key, one job. */
  key: string;
  recipe: Recipe;
  fate: Fate;
  /** What it must end as. A cancel that came too late asks for nothing. */
  expected: 'succeeded' | 'cancelled';
  /** Ids that the same creation was answered with, if it was ever another one. */
  others: string[];
}

export interface Submitter {
  client: CapstanClient;
  insist: Insist;
  recipes: readonly Recipe[];
  seed: number;
}

const POLL_MS = 500;
/** A job that shows no change for this long is stuck: longer than every timeout on its way and the longest backoff, five minutes. */
const STUCK_AFTER_MS = 420_000;

/** Creates the job of an order, through whatever outage there is, once more where the order says so. */
export async function placeJob({ client, insist, recipes, seed }: Submitter, order: Order, index: number): Promise<PlacedJob> {
  const recipe = recipes[order.recipe] as Recipe;
  const key = `chaos-${seed}-${index}`;
  const create = () => insist((signal) => client.jobs.create(recipe.request, { idempotencyKey: key, signal }));
  const { id } = await create();
  const again = order.isRepeated ? (await create()).id : id;
  return { id, key, recipe, fate: order.fate, expected: 'succeeded', others: again === id ? [] : [again] };
}

/** Does to the job what its order wishes, and resolves with it once it has ended. Throws where it never does. */
export async function liveOut({ client, insist }: Pick<Submitter, 'client' | 'insist'>, job: PlacedJob, afterMs: number): Promise<void> {
  const retrieve = () => insist((signal) => client.jobs.retrieve(job.id, { signal }));
  const wish = (action: 'cancel' | 'pause' | 'resume') =>
    insist((signal) => client.jobs[action](job.id, { signal })).then(
      () => true,
      (error: unknown) => {
        if (isRefusal(error)) return false;
        throw error;
      },
    );
  if (job.fate !== 'run') await sleep(afterMs);
  if (job.fate === 'cancel' && (await wish('cancel'))) job.expected = 'cancelled';
  if (job.fate === 'pause' && (await wish('pause'))) {
    await untilState(retrieve, (state) => state === 'paused' || isTerminal(state));
    await sleep(afterMs);
    await wish('resume');
  }
  await untilState(retrieve, isTerminal);
}

async function untilState(retrieve: () => Promise<JobObject>, isReached: (state: JobObject['capstan']['state']) => boolean): Promise<void> {
  let seen = '';
  let changedAt = performance.now();
  for (;;) {
    const { id, capstan } = await retrieve();
    if (isReached(capstan.state)) return;
    const now = `${capstan.state}, attempt ${capstan.attempt}, step ${capstan.progress?.step ?? 0}, ${capstan.progress?.phase ?? 'no phase'}`;
    if (now !== seen) changedAt = performance.now();
    seen = now;
    if (performance.now() - changedAt > STUCK_AFTER_MS) throw new Error(`${id} has not changed for ${STUCK_AFTER_MS / 1000} s: ${now}.`);
    await sleep(POLL_MS);
  }
}

/** Keeps `lanes` jobs under way until `stop`, and then only waits for them. */
export function keepPlacing(submitter: Submitter, lanes: number) {
  const placed: PlacedJob[] = [];
  const stuck: string[] = [];
  let next = 0;
  let isOver = false;

  async function lane(): Promise<void> {
    while (!isOver) {
      const index = next++;
      const order = drawOrder(submitter.seed, index, submitter.recipes.length);
      const job = await placeJob(submitter, order, index);
      placed.push(job);
      await liveOut(submitter, job, order.afterMs).catch((error: unknown) => stuck.push(String(error)));
    }
  }

  const over = Promise.all(Array.from({ length: lanes }, lane));
  // Read when it is awaited at the end; until then a failure must not end the process.
  over.catch(() => {});
  return {
    placed,
    /** Jobs that never ended, in words. */
    stuck,
    /** Places no more, and resolves once every placed job has ended. */
    async stop(): Promise<void> {
      isOver = true;
      await over;
    },
  };
}
