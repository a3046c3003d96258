import { isActive, isFinished, type JobEvent, type WorkerReport } from '@capstan/core';
import { reconcileAll } from '../../reconcile/reconcile-all.ts';
import { reconcileJob } from '../../reconcile/reconcile-job.ts';
import { createEndedRanksSweep } from '../../sweeps/sweep-ended-ranks.ts';
import { createMissingEntriesSweep } from '../../sweeps/sweep-missing-entries.ts';
import { createReservationsSweep } from '../../sweeps/sweep-reservations.ts';
import { createStrayEntriesSweep } from '../../sweeps/sweep-stray-entries.ts';
import { dispatchOne } from './dispatch-one.ts';
import type { ModelRank } from './model-launcher.ts';
import { type ModelScheduler, type ModelWorld, POOL } from './model-world.ts';
import { decideAndStall, overtake } from './overtake.ts';
import { speak } from './speak.ts';
import type { Deed, Fault, Step, SweepKind, Wish, Word } from './steps.ts';

const { signal } = new AbortController();
/** Few, so that much happens to each. */
const MOST_JOBS = 3;
const RESULT = { base: null, adapter: null, samples: [], generationTokensPerSecond: null, backend: 'model', peakMemoryBytes: null };

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
    case 'overtake':
      return overtake(world, step.pick);
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

async function act({ launcher }: ModelWorld, { deed, pick: place }: { deed: Deed; pick: number }): Promise<void> {
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
  word: Word;
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

export function reportOf(word: Word, rank: ModelRank, { clock }: ModelWorld): WorkerReport {
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
export async function wish(world: ModelWorld, { wish: type, pick: place }: { wish: Wish; pick: number }): Promise<void> {
  const jobId = world.jobIds[place % world.jobIds.length];
  if (jobId === undefined) return;
  const event: JobEvent = { type };
  const applied = await world.db.jobs.applyEvent(jobId, event);
  if (!applied.ok) return;
  if (type === 'cancelRequested') world.cancelled.add(jobId);
  if (type === 'resumeRequested') await enqueue(world, jobId);
}

async function fault({ db, queue, launcher, clock, jobIds }: ModelWorld, { fault: kind, pick: place }: { fault: Fault; pick: number }) {
  const job = await db.jobs.get(jobIds[place % jobIds.length] ?? '');
  // The entry of the attempt that runs, or the next one: either way, one more than there should be.
  const attempt = job === null || isActive(job.status) ? (job?.attempt ?? 1) : job.attempt + 1;
  if (kind === 'twice' && job !== null) queue.deliverAgain({ poolId: POOL, jobId: job.id, attempt, priority: 50, now: clock.now() });
  if (kind === 'lose') queue.lose(place);
  if (kind === 'empty') queue.empty();
  if (kind === 'locks expire') await queue.recoverStalled();
  if (kind === 'refuse launches') launcher.refusals = 1;
}

export async function sweep({ context, parts }: ModelScheduler, kind: SweepKind): Promise<void> {
  if (kind === 'missing') await createMissingEntriesSweep(context)(signal);
  if (kind === 'stray') await createStrayEntriesSweep(context)();
  if (kind === 'reservations') await createReservationsSweep(context)();
  if (kind === 'ranks') await createEndedRanksSweep(context, parts.observed)(signal);
}
