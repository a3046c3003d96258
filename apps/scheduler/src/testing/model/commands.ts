import { decide, type FineTuningJob, isActive, isFinished, type JobEvent, type WorkerReport } from '@capstan/core';
import fc from 'fast-check';
import { launchAttempt } from '../../attempts/launch-attempt.ts';
import { launchEntry } from '../../dispatch/launch-entry.ts';
import { actOn } from '../../reconcile/act-on.ts';
import { reconcileAll } from '../../reconcile/reconcile-all.ts';
import { reconcileJob } from '../../reconcile/reconcile-job.ts';
import { decideContext } from '../../reconcile/reconcile-parts.ts';
import type { SchedulerContext } from '../../scheduler-context.ts';
import { createEndedRanksSweep } from '../../sweeps/sweep-ended-ranks.ts';
import { createMissingEntriesSweep } from '../../sweeps/sweep-missing-entries.ts';
import { createReservationsSweep } from '../../sweeps/sweep-reservations.ts';
import { createStrayEntriesSweep } from '../../sweeps/sweep-stray-entries.ts';
import type { ModelRank } from './model-launcher.ts';
import { type ModelScheduler, type ModelWorld, POOL } from './model-world.ts';
import { speak } from './speak.ts';

const { signal } = new AbortController();
const RESULT = { base: null, adapter: null, samples: [], generationTokensPerSecond: null, backend: 'model', peakMemoryBytes: null };

/** Where the scheduler that has taken an entry dies, or only stands still for a while. */
const DEATHS = ['nowhere', 'nowhere', 'nowhere', 'before the launch', 'after the launch', 'stalls'] as const;
const WORDS = ['step', 'step', 'step', 'ready', 'succeeded', 'stopped', 'diverged', 'out of memory'] as const;
const DEEDS = ['start', 'start', 'start', 'crash', 'crash', 'exit', 'vanish'] as const;
const WISHES = ['pauseRequested', 'resumeRequested', 'cancelRequested'] as const;
const FAULTS = ['twice', 'twice', 'lose', 'empty', 'locks expire', 'refuse launches'] as const;
const SWEEPS = ['missing', 'stray', 'reservations', 'ranks'] as const;

/** Few, so that much happens to each. */
const MOST_JOBS = 3;

const pick = fc.nat(1_000);
const scheduler = fc.nat(1);
const stalls = fc.constantFrom(false, false, true);

/** One thing that happens; `pick` chooses among what is there by then. */
const anyStep = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant('submit'), workers: fc.integer({ min: 1, max: 2 }), isEnqueued: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('dispatch'), scheduler, diesAt: fc.constantFrom(...DEATHS) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('deed'), deed: fc.constantFrom(...DEEDS), pick }) },
  {
    weight: 10,
    arbitrary: fc.record({
      type: fc.constant('say'),
      scheduler,
      word: fc.constantFrom(...WORDS),
      pick,
      losesAnswers: fc.boolean(),
      stalls,
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('wish'), wish: fc.constantFrom(...WISHES), pick }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('fault'), fault: fc.constantFrom(...FAULTS), pick }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('look'), scheduler }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('reconcile'), scheduler, pick }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('decide'), scheduler, pick }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('go on'), pick }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('reconcileAll'), scheduler }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('sweep'), scheduler, sweep: fc.constantFrom(...SWEEPS) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('pass'), seconds: fc.constantFrom(1, 2, 4, 11, 31) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('crash'), scheduler }) },
);
type Step = typeof anyStep extends fc.Arbitrary<infer Value> ? Value : never;

/** Steps one after the other; of some, two at the very same moment. */
export const anyHistory = fc.array(fc.array(anyStep, { minLength: 1, maxLength: 2 }), { minLength: 30, maxLength: 90, size: 'max' });

export async function take(world: ModelWorld, step: Step): Promise<void> {
  switch (step.type) {
    case 'submit':
      return submit(world, step);
    case 'dispatch':
      return dispatchOne(world, world.schedulers[step.scheduler] as ModelScheduler, step.diesAt);
    case 'deed':
      return act(world, step);
    case 'say':
      return say(world, step);
    case 'wish':
      return wish(world, step);
    case 'fault':
      return fault(world, step);
    case 'look':
      return world.schedulers[step.scheduler]?.parts.observed.refresh({ signal });
    case 'reconcile': {
      const { context, parts } = world.schedulers[step.scheduler] as ModelScheduler;
      const jobId = world.jobIds[step.pick % world.jobIds.length];
      return jobId === undefined ? undefined : reconcileJob(jobId, context, parts, { signal });
    }
    case 'decide':
      return decideAndStall(world, world.schedulers[step.scheduler] as ModelScheduler, step.pick);
    case 'go on': {
      const [goOn] = world.stalled.splice(step.pick % Math.max(1, world.stalled.length), 1);
      await goOn?.();
      return;
    }
    case 'reconcileAll': {
      const { context, parts } = world.schedulers[step.scheduler] as ModelScheduler;
      return reconcileAll(context, parts, { signal });
    }
    case 'sweep':
      return sweep(world.schedulers[step.scheduler] as ModelScheduler, step.sweep);
    case 'pass':
      return world.clock.advance(step.seconds * 1_000);
    case 'crash':
      return world.crash(step.scheduler);
  }
}

async function submit(world: ModelWorld, { workers, isEnqueued }: { workers: number; isEnqueued: boolean }): Promise<void> {
  if (world.jobIds.length >= MOST_JOBS) return;
  const jobId = await world.submit({ workers, maxAttempts: 4 });
  if (isEnqueued) await enqueue(world, jobId);
}

async function enqueue({ db, queue, clock }: ModelWorld, jobId: string): Promise<void> {
  const job = await db.jobs.get(jobId);
  if (job?.status === 'queued') await queue.enqueue({ poolId: POOL, jobId, attempt: job.attempt + 1, priority: 50, now: clock.now() });
}

/** One entry, as a dispatch loop deals with it, to the end or to the death of its scheduler. */
export async function dispatchOne(world: ModelWorld, { context }: ModelScheduler, diesAt: (typeof DEATHS)[number]): Promise<void> {
  const entry = await world.queue.takeNext(POOL);
  if (entry === null) return;
  const outcome = await launchEntry(entry, POOL, context);
  if (outcome.type !== 'reserved' || diesAt === 'before the launch') return;
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

/** What reconcile does, cut in two: what is decided now is done later, when it may no longer be right. */
async function decideAndStall({ db, jobIds, stalled }: ModelWorld, { context, parts }: ModelScheduler, place: number): Promise<void> {
  const job = await db.jobs.get(jobIds[place % jobIds.length] ?? '');
  if (job === null || !isActive(job.status)) return;
  await parts.observed.refresh({ signal });
  const ranks = parts.observed.ofJob(job.id).filter(({ attempt }) => attempt === job.attempt);
  const [facts] = await db.ledger.facts([{ jobId: job.id, attempt: job.attempt }]);
  if (facts === undefined || facts.epoch !== job.epoch) return;
  const decision = decide(job, ranks, facts, decideContext(context, parts));
  stalled.push(() => actOn(job, decision, watchVerdicts(context, job), { registry: parts.registry, signal }));
}

/** A verdict on one attempt must not fall on the next. */
function watchVerdicts(context: SchedulerContext, judged: FineTuningJob): SchedulerContext {
  const { jobs } = context.db;
  const applyEvent: typeof jobs.applyEvent = async (id, event, effects) => {
    const before = await jobs.get(id);
    const applied = await jobs.applyEvent(id, event, effects);
    if (applied.ok && before?.epoch !== judged.epoch)
      throw new Error(`${event.type} of epoch ${judged.epoch} fell on epoch ${before?.epoch} of ${id}.`);
    return applied;
  };
  return { ...context, db: { ...context.db, jobs: { ...jobs, applyEvent } } };
}

async function act({ launcher }: ModelWorld, { deed, pick: place }: { deed: (typeof DEEDS)[number]; pick: number }): Promise<void> {
  const living = launcher.ranks().filter((rank) => !isFinished(rank));
  const rank = living[place % living.length];
  if (rank === undefined) return;
  if (deed === 'start') for (const pending of living) launcher.start(pending);
  if (deed === 'exit') launcher.end(rank, 0);
  if (deed === 'crash') launcher.end(rank, 137);
  if (deed === 'vanish') launcher.vanish(rank);
}

interface Saying {
  scheduler: number;
  word: (typeof WORDS)[number];
  pick: number;
  losesAnswers: boolean;
  stalls: boolean;
}

/** Mostly the living speak. One in four is any that ever began: what it said is late, for it has ended, or lost its attempt. */
async function say(world: ModelWorld, { scheduler: number, word, pick: place, ...how }: Saying): Promise<void> {
  const everStarted = world.launcher.everStarted();
  const ranks = place % 4 === 0 ? everStarted : everStarted.filter((rank) => !isFinished(rank));
  const rank = ranks[place % ranks.length];
  if (rank === undefined) return;
  const reports = [reportOf(word, rank, world)];
  await speak(world, rank, { scheduler: world.schedulers[number] as ModelScheduler, reports, ...how });
}

export function reportOf(word: (typeof WORDS)[number], rank: ModelRank, { clock }: ModelWorld): WorkerReport {
  switch (word) {
    case 'step':
      return { type: 'log', level: 'info', message: 'a step', at: clock.now() };
    case 'ready':
      return { type: 'ready', backend: 'model', detail: '' };
    case 'succeeded':
      return { type: 'succeeded', model: [], trainedTokens: 1, result: RESULT };
    case 'stopped':
      return { type: 'stopped', step: rank.attempt };
    case 'diverged':
      return { type: 'failed', reason: 'TrainingDiverged', message: 'no longer finite' };
    case 'out of memory':
      return { type: 'failed', reason: 'BackendOutOfMemory', message: 'no room' };
  }
}

/** As the API does it: the event, then, for a job that waits again, its entry. */
export async function wish(world: ModelWorld, { wish: type, pick: place }: { wish: (typeof WISHES)[number]; pick: number }): Promise<void> {
  const jobId = world.jobIds[place % world.jobIds.length];
  if (jobId === undefined) return;
  const event: JobEvent = { type };
  const applied = await world.db.jobs.applyEvent(jobId, event);
  if (!applied.ok) return;
  if (type === 'cancelRequested') world.cancelled.add(jobId);
  if (type === 'resumeRequested') await enqueue(world, jobId);
}

async function fault(
  { db, queue, launcher, clock, jobIds }: ModelWorld,
  { fault: kind, pick: place }: { fault: (typeof FAULTS)[number]; pick: number },
) {
  const job = await db.jobs.get(jobIds[place % jobIds.length] ?? '');
  // The entry of the attempt that runs, or the next one: either way, one more than there should be.
  const attempt = job === null || isActive(job.status) ? (job?.attempt ?? 1) : job.attempt + 1;
  if (kind === 'twice' && job !== null) queue.deliverAgain({ poolId: POOL, jobId: job.id, attempt, priority: 50, now: clock.now() });
  if (kind === 'lose') queue.lose(place);
  if (kind === 'empty') queue.empty();
  if (kind === 'locks expire') await queue.recoverStalled();
  if (kind === 'refuse launches') launcher.refusals = 1;
}

export async function sweep({ context, parts }: ModelScheduler, kind: (typeof SWEEPS)[number]): Promise<void> {
  if (kind === 'missing') await createMissingEntriesSweep(context)(signal);
  if (kind === 'stray') await createStrayEntriesSweep(context)();
  if (kind === 'reservations') await createReservationsSweep(context)();
  if (kind === 'ranks') await createEndedRanksSweep(context, parts.observed)(signal);
}
