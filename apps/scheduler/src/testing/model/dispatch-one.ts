import { launchAttempt } from '../../attempts/launch-attempt.ts';
import { launchEntries } from '../../dispatch/launch-entries.ts';
import { type ModelScheduler, type ModelWorld, POOL } from './model-world.ts';
import type { Death } from './steps.ts';
import { watchVerdicts } from './watch-verdicts.ts';

const { signal } = new AbortController();

/** One entry, as a dispatch loop deals with it, to the end or to the death of its scheduler. */
export async function dispatchOne(world: ModelWorld, { context }: ModelScheduler, diesAt: Death): Promise<void> {
  const entry = await world.queue.takeNext(POOL);
  if (entry === null) return;
  const [outcome] = await launchEntries([entry], POOL, context);
  if (outcome?.type !== 'reserved' || diesAt === 'before the launch') return;
  const launch = async () => {
    await launchAttempt(outcome, watchVerdicts(context, outcome.job), { signal });
    await entry.complete();
  };
  if (diesAt === 'nowhere') return launch();
  if (diesAt === 'stalls') {
    world.stalled.push(launch);
    return;
  }
  // The launcher has done its part; the mark in the ledger, and the end of the entry, never come.
  const dead = { ...context, db: { ...context.db, jobs: { ...context.db.jobs, markLaunched: () => Promise.reject(new Error('dead')) } } };
  await launchAttempt(outcome, dead, { signal }).catch(() => undefined);
}
