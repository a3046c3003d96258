import { type ArtifactRef, CheckpointError, isArtifactLost } from '@capstan/core';
import { type TrainEvent, type TrainOptions, train } from '@capstan/trainer';
import type { TrainingContext } from './training-context.ts';

type Resuming = Pick<TrainingContext, 'reporter' | 'connection'>;
type Events = AsyncGenerator<TrainEvent, void, undefined>;

/**
 * Trains on from the newest checkpoint that can be read. A damaged or missing one is passed over for the next older, and without any
 * the run starts afresh: the steps are lost, the job is not. `checkpoints` come newest first.
 */
export async function* trainFromCheckpoint(
  options: TrainOptions,
  checkpoints: readonly { step: number; state: ArtifactRef }[],
  context: Resuming,
): Events {
  for (const checkpoint of checkpoints) {
    const resumed = await resume(options, checkpoint, context);
    if (!resumed) continue;
    yield resumed.first;
    yield* resumed.rest;
    return;
  }
  if (checkpoints.length > 0) context.reporter.say('warn', 'No checkpoint can be used: training starts afresh.');
  yield* train(options);
}

/** The run after its first event, for only that proves the checkpoint good; null where it is not. The trainer checks before it writes. */
async function resume(
  options: TrainOptions,
  { step, state }: { step: number; state: ArtifactRef },
  context: Resuming,
): Promise<{ first: TrainEvent; rest: Events } | null> {
  try {
    const rest = train({ ...options, resume: await readState(state, context) });
    context.reporter.say('info', `Training goes on after step ${step}.`);
    const { value: first } = await rest.next();
    return first ? { first, rest } : null;
  } catch (error) {
    if (!(error instanceof CheckpointError || isArtifactLost(error))) throw error;
    context.reporter.say('warn', `The checkpoint of step ${step} cannot be used: ${error.message}`);
    return null;
  }
}

async function readState({ sha256 }: ArtifactRef, { connection }: Resuming): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of connection.readArtifact(sha256)) parts.push(part);
  return Buffer.concat(parts);
}
