import { decide, isActive, isFinished } from '@capstan/core';
import { actOn } from '../../reconcile/act-on.ts';
import { reconcileJob } from '../../reconcile/reconcile-job.ts';
import { decideContext } from '../../reconcile/reconcile-parts.ts';
import { dispatchOne } from './dispatch-one.ts';
import type { ModelScheduler, ModelWorld } from './model-world.ts';
import { watchVerdicts } from './watch-verdicts.ts';

const { signal } = new AbortController();
/** Of the first retry. */
const LONGER_THAN_A_BACKOFF_MS = 3_000;

/** What reconcile does, cut in two: what is decided now is done later, when it may no longer be right. */
export async function decideAndStall(
  { db, jobIds, stalled }: ModelWorld,
  { context, parts }: ModelScheduler,
  place: number,
): Promise<void> {
  const job = await db.jobs.get(jobIds[place % jobIds.length] ?? '');
  if (job === null || !isActive(job.status)) return;
  await parts.observed.refresh({ signal });
  const ranks = parts.observed.ofJob(job.id).filter(({ attempt }) => attempt === job.attempt);
  const [facts] = await db.ledger.facts([{ jobId: job.id, attempt: job.attempt }]);
  if (facts === undefined || facts.epoch !== job.epoch) return;
  const decision = decide(job, ranks, facts, decideContext(context, parts, context.clock.now()));
  stalled.push(() => actOn(job, decision, watchVerdicts(context, job), { registry: parts.registry, signal }));
}

/** A rank dies, and both schedulers see it: the one ends the attempt and launches the next before the other has said a word. */
export async function overtake(world: ModelWorld, place: number): Promise<void> {
  const [slow, quick] = world.schedulers as [ModelScheduler, ModelScheduler];
  const living = world.launcher.ranks().filter((rank) => !isFinished(rank));
  const rank = living[place % living.length];
  if (rank === undefined) return;
  world.launcher.start(rank);
  world.launcher.end(rank, 137);
  await decideAndStall(world, slow, world.jobIds.indexOf(rank.jobId));
  await quick.parts.observed.refresh({ signal });
  await reconcileJob(rank.jobId, quick.context, quick.parts, { signal });
  await world.clock.advance(LONGER_THAN_A_BACKOFF_MS);
  await dispatchOne(world, quick, 'nowhere');
  await world.stalled.pop()?.();
}
