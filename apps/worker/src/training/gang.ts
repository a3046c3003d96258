import { AppError, type Clock, type RankAssignment } from '@capstan/core';
import { type GangMembership, RANK_LEFT } from '@capstan/proto';
import type { TrainCommand } from '@capstan/trainer';
import { untilAborted } from '../until-aborted.ts';
import type { StopControl } from './stop-control.ts';

/** What ranks that train together must do together. */
export interface Gang {
  /** Sums gradients over all ranks; undefined where there is only one. */
  allReduce: ((gradients: Float32Array) => Promise<Float32Array>) | undefined;
  /** What all ranks do at this step's end. */
  next(): TrainCommand;
  leave(): void;
}

export interface GangOptions {
  assignment: Pick<RankAssignment, 'worldSize'>;
  join: (worldSize: number) => GangMembership;
  control: StopControl;
  clock: Clock;
  /** The last step done, 0 before the first. */
  step: () => number;
}

/** Values that travel behind the gradients: ranks that want to stop, ranks that want a checkpoint, the sum of their steps. */
const FLAGS = 3;

/** A rank that failed reports why; the others, whose gang broke, let it speak first. */
const SPEAK_FIRST_MS = 10_000;

/** A stopping rank waits this long for the others to finish the step: below the grace that launchers give. */
const PATIENCE_MS = 15_000;

/**
 * Ranks hear of a stop at different moments, and one that stopped alone would leave the others waiting for ever. So each says in the
 * vector of a step what it was asked, and all act on the sum after that very step.
 */
export function createGang({ assignment, join, control, clock, step }: GangOptions): Gang {
  const { worldSize } = assignment;
  if (worldSize === 1) return { allReduce: undefined, next: () => control.next(), leave: () => {} };
  const membership = join(worldSize);
  let agreed: TrainCommand = 'continue';

  async function sumOver(vector: Float32Array): Promise<Float32Array> {
    const over = new AbortController();
    const impatience = giveUpAfterStop(over.signal);
    impatience.catch(() => {});
    try {
      return await Promise.race([membership.sum(vector), impatience]);
    } catch (cause) {
      await clock.sleep(SPEAK_FIRST_MS, { signal: control.stop });
      const message = `The ranks of this attempt lost each other: ${(cause as Error).message}`;
      throw new AppError('unavailable', message, { cause, reason: hasLeft(cause) ? 'WorkerKilled' : 'Preempted' });
    } finally {
      over.abort();
    }
  }

  /** Told to stop, a rank does not wait for ever for one that has stopped before it ever came. */
  async function giveUpAfterStop(over: AbortSignal): Promise<never> {
    const never = new Promise<never>(() => {});
    await untilAborted(never, AbortSignal.any([control.stop, over])).catch(() => {});
    await clock.sleep(PATIENCE_MS, { signal: over });
    throw control.stop.reason;
  }

  return {
    async allReduce(gradients) {
      const asked = control.next();
      const vector = new Float32Array(gradients.length + FLAGS);
      vector.set(gradients);
      vector.set([asked === 'stop' ? 1 : 0, asked === 'checkpoint' ? 1 : 0, step()], gradients.length);
      const sum = await sumOver(vector);
      const [stops, checkpoints, steps] = sum.subarray(gradients.length);
      if (steps !== worldSize * step()) throw new Error('The ranks of this attempt are not at the same step.');
      agreed = stops ? 'stop' : checkpoints ? 'checkpoint' : 'continue';
      return sum.subarray(0, gradients.length);
    },
    next: () => agreed,
    leave: () => membership.leave(),
  };
}

/** Where it was the scheduler that went away, with the place to meet, the attempt costs the job nothing. */
function hasLeft(cause: unknown): boolean {
  return cause instanceof AppError && cause.reason === RANK_LEFT;
}
