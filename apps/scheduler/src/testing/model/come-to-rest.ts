import { isActive, isFinished, isTerminal } from '@capstan/core';
import { reconcileAll } from '../../reconcile/reconcile-all.ts';
import { reportOf, sweep, wish } from './commands.ts';
import { dispatchOne } from './dispatch-one.ts';
import type { ModelRank } from './model-launcher.ts';
import { type ModelScheduler, type ModelWorld, POOL } from './model-world.ts';
import { speak } from './speak.ts';

const { signal } = new AbortController();
/** A scheduler's round, longer than the grace of a launch, shorter than silence that counts. */
const ROUND_MS = 12_000;
/** Beyond every backoff and every timeout on a job's way, several times over. */
const MOST_ROUNDS = 150;
const ENTRIES_A_ROUND = 8;

/** Nothing goes wrong any more: schedulers do their rounds, ranks do their work, users resume what they paused. Stops when all has ended. */
export async function comeToRest(world: ModelWorld): Promise<void> {
  world.launcher.refusals = 0;
  for (const goOn of world.stalled.splice(0)) await goOn();
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    if (await isAtRest(world)) return;
    await world.clock.advance(ROUND_MS);
    await world.queue.recoverStalled();
    for (const pick of world.jobIds.keys()) await wish(world, { wish: 'resumeRequested', pick });
    for (const scheduler of world.schedulers) await doRound(world, scheduler);
  }
}

async function isAtRest({ db, launcher, queue, jobIds }: ModelWorld): Promise<boolean> {
  const jobs = await Promise.all(jobIds.map((jobId) => db.jobs.get(jobId)));
  const { waiting, active } = await queue.counts(POOL);
  return jobs.every((job) => job !== null && isTerminal(job.status)) && waiting + active + launcher.ranks().length === 0;
}

async function doRound(world: ModelWorld, scheduler: ModelScheduler): Promise<void> {
  await sweep(scheduler, 'missing');
  await sweep(scheduler, 'stray');
  for (let entry = 0; entry < ENTRIES_A_ROUND; entry += 1) await dispatchOne(world, scheduler, 'nowhere');
  for (const rank of world.launcher.ranks()) await work(world, rank, scheduler);
  await scheduler.parts.observed.refresh({ signal });
  await reconcileAll(scheduler.context, scheduler.parts, { signal });
  await sweep(scheduler, 'ranks');
  await sweep(scheduler, 'reservations');
}

/** What a healthy rank does until it exits: it trains to the end, or stops when it is asked to, and goes when its attempt is over. */
async function work(world: ModelWorld, rank: ModelRank, scheduler: ModelScheduler): Promise<void> {
  if (isFinished(rank)) return;
  world.launcher.start(rank);
  const job = await world.db.jobs.get(rank.jobId);
  const isStopping = rank.isAskedToStop || job?.status === 'pausing' || job?.status === 'cancelling';
  const words = isStopping ? (['stopped'] as const) : (['ready', 'step', 'succeeded'] as const);
  const reports = words.map((word) => reportOf(word, rank, world));
  const said = await speak(world, rank, { scheduler, reports });
  const isOver = said === 'stale' || job === null || !isActive(job.status);
  world.launcher.end(rank, isOver && rank.isAskedToStop ? 143 : 0);
}
