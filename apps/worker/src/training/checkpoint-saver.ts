import type { Clock } from '@capstan/core';
import { uploadFiles } from '../artifacts/upload-files.ts';
import type { TrainingContext } from './training-context.ts';

export interface Snapshot {
  step: number;
  state: Uint8Array;
  /** The adapter in PEFT's layout; empty where the whole model trains. */
  adapter: Record<string, Uint8Array>;
  metrics: Record<string, number>;
}

export interface CheckpointSaver {
  /** Stores and reports the snapshot. Where that takes long it goes on behind training; throws what an earlier one failed of. */
  save(snapshot: Snapshot): Promise<void>;
  /** Resolves when every snapshot that will be stored is stored and reported. */
  settled(): Promise<void>;
}

/** A store that takes longer than this is away, and training does not wait for it. */
const PATIENCE_MS = 5_000;

/**
 * Stores checkpoints one at a time. While the scheduler is away at most two are held: the one being sent, and the newest, which takes
 * the place of any other that waits, for only the newest is worth resuming from.
 */
export function createCheckpointSaver({
  connection,
  reporter,
  clock,
}: Pick<TrainingContext, 'connection' | 'reporter'> & { clock: Clock }): CheckpointSaver {
  let underway: Promise<void> | null = null;
  let newest: Snapshot | null = null;
  let failure: { error: unknown } | null = null;

  async function store({ step, state, adapter, metrics }: Snapshot): Promise<void> {
    const [stored] = await uploadFiles({ [`checkpoint-${step}.safetensors`]: state }, connection);
    const files = await uploadFiles(adapter, connection);
    if (stored) reporter.report({ type: 'checkpoint', step, state: stored, adapter: files, metrics });
  }

  async function storeAll(first: Snapshot): Promise<void> {
    try {
      for (let next: Snapshot | null = first; next !== null; ) {
        await store(next);
        next = newest;
        newest = null;
      }
    } catch (error) {
      failure = { error };
    }
    underway = null;
  }

  function throwIfFailed(): void {
    if (failure !== null) throw failure.error;
  }

  return {
    async save(snapshot) {
      throwIfFailed();
      if (underway !== null) {
        if (newest !== null) reporter.say('warn', `The checkpoint of step ${newest.step} could not be stored before the next one.`);
        newest = snapshot;
        return;
      }
      underway = storeAll(snapshot);
      const patience = new AbortController();
      await Promise.race([underway, clock.sleep(PATIENCE_MS, { signal: patience.signal }).catch(() => {})]);
      patience.abort();
      throwIfFailed();
      if (underway !== null)
        reporter.say('warn', `Storing the checkpoint of step ${snapshot.step} takes long; training goes on meanwhile.`);
    },
    async settled() {
      await underway;
      throwIfFailed();
    },
  };
}
