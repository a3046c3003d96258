import { createHash } from 'node:crypto';
import { CheckpointError } from '@capstan/core';
import type { AdamWState } from './adamw.ts';
import { buildSafetensors } from './build-safetensors.ts';
import { parseSafetensors, readSafetensorsMetadata } from './safetensors.ts';
import { toFloat32 } from './to-float32.ts';

/** What must be equal for a checkpoint to continue a run: data order and dropout are derived from these and the step. */
export interface CheckpointRun {
  seed: number;
  batchSize: number;
  /** Number of training examples. */
  examples: number;
  /** Name and shape of every trained tensor, in order. */
  parameters: string[];
}

const FORMAT = 'capstan-checkpoint';
const VERSION = '1';
const VECTORS = ['values', 'firstMoments', 'secondMoments'] as const;

/** All that a run needs to go on: the trained values, both moments and the step, as safetensors with a digest over the vectors. */
export function writeCheckpoint(state: AdamWState, run: CheckpointRun): Uint8Array {
  const entries = new Map(VECTORS.map((name) => [name, { dtype: 'F32' as const, shape: [state[name].length], data: state[name] }]));
  const identity = JSON.stringify(run);
  const metadata = { format: FORMAT, version: VERSION, step: String(state.step), run: identity, sha256: digest(state, identity) };
  return buildSafetensors(entries, metadata);
}

/** Reads a checkpoint of this very run; damaged bytes or a different run throw a CheckpointError that says which. */
export function readCheckpoint(bytes: Uint8Array, run: CheckpointRun): AdamWState {
  const { metadata, state } = parse(bytes);
  if (metadata.sha256 !== digest(state, metadata.run ?? ''))
    throw new CheckpointError('The checkpoint is damaged: its digest does not match its content.');
  requireSameRun(metadata.run as string, run);
  return state;
}

function parse(bytes: Uint8Array): { metadata: Record<string, string>; state: AdamWState } {
  try {
    const metadata = readSafetensorsMetadata(bytes);
    if (metadata.format !== FORMAT) throw new CheckpointError('These bytes are not a Capstan checkpoint.');
    if (metadata.version !== VERSION)
      throw new CheckpointError(`The checkpoint has format version ${metadata.version}; this trainer reads ${VERSION}.`);
    const entries = parseSafetensors(bytes);
    const [values, firstMoments, secondMoments] = VECTORS.map((name) => {
      const entry = entries.get(name);
      if (entry === undefined) throw new CheckpointError(`The checkpoint lacks "${name}".`);
      return toFloat32(entry).slice(); // the optimiser writes into it
    }) as [Float32Array, Float32Array, Float32Array];
    return { metadata, state: { step: Number(metadata.step), values, firstMoments, secondMoments } };
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw new CheckpointError(`The checkpoint cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function digest(state: AdamWState, identity: string): string {
  const hash = createHash('sha256').update(`${state.step} ${identity}`);
  for (const name of VECTORS) hash.update(new Uint8Array(state[name].buffer, state[name].byteOffset, state[name].byteLength));
  return hash.digest('hex');
}

function requireSameRun(stored: string, run: CheckpointRun): void {
  const before = JSON.parse(stored) as Partial<CheckpointRun>;
  for (const key of ['seed', 'batchSize', 'examples'] as const) {
    if (before[key] !== run[key])
      throw new CheckpointError(`The checkpoint belongs to a run with ${key} ${before[key]}, but this one has ${run[key]}.`);
  }
  if (JSON.stringify(before.parameters) !== JSON.stringify(run.parameters)) {
    throw new CheckpointError('The checkpoint trains other tensors than this run: the base model or the LoRA settings differ.');
  }
}
