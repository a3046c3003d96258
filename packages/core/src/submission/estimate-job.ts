import type { DatasetReport, Leakage } from '../datasets/dataset-report.ts';
import { InvalidRequestError } from '../errors.ts';
import type { JobEstimate, JobSpec } from '../job.ts';
import { billedUnits, type Pool } from '../pool.ts';
import { peakMemoryBytes } from './estimate-memory.ts';
import { estimateWarnings } from './estimate-warnings.ts';
import { refuseWithoutRoom } from './memory-room.ts';
import type { ModelShape } from './model-shape.ts';
import { trainableParameters } from './trainable-parameters.ts';

export interface EstimateFacts {
  shape: ModelShape;
  parameterCount: number;
  training: DatasetReport;
  /** Null without a validation file. */
  leakage: Leakage | null;
  pool: Pick<Pool, 'gpusPerWorker' | 'pricePerGpuHour' | 'memoryMiB'>;
  /** Tokens per second of an earlier job with the same base, method and pool; null where none ended yet. */
  measuredTokensPerSecond: number | null;
  /** What such jobs of the pool computed on; null where none ended yet. */
  backend: string | null;
}

/** Sustained rates to start from, until a job of the pool was measured. */
const CPU_FLOPS = 20e9;
const GPU_FLOPS = 3e12;
const STARTUP_SECONDS = 10;
/** English text in a T5 vocabulary, for datasets that were read without a tokenizer. */
const CHARACTERS_PER_TOKEN = 4;

/**
 * What the job will take; a job that cannot fit is refused with advice. Time is a projection from measurements where there are any, else
 * from the model's size.
 */
export function estimateJob(spec: JobSpec, facts: EstimateFacts): JobEstimate {
  refuseLongRows(spec.training, facts.shape);
  const { totalSteps, batchSize } = spec.training;
  const lengths = meanTokens(spec, facts.training);
  const rowsOfPair = spec.preference ? 2 : 1;
  const trainedTokens = Math.round(totalSteps * batchSize * rowsOfPair * (lengths.source + lengths.target));
  const trainable = trainableParameters(spec, facts.shape, facts.parameterCount);
  const seconds = Math.ceil(STARTUP_SECONDS + trainedTokens / tokensPerSecond(spec, facts));
  const { memoryBytes, memoryMiB } = roomFor(spec, facts, trainable);
  return {
    steps: totalSteps,
    trainedTokens,
    trainableParameters: trainable,
    trainableShare: trainable / (facts.parameterCount + (spec.method === 'lora' ? trainable : 0)),
    peakMemoryBytes: memoryBytes,
    seconds,
    secondsBasis: facts.measuredTokensPerSecond === null ? 'default' : 'measured',
    costUsd: (seconds / 3600) * billedUnits(facts.pool, spec.resources.workers) * facts.pool.pricePerGpuHour,
    warnings: estimateWarnings(spec, {
      training: facts.training,
      leakage: facts.leakage,
      peakMemoryBytes: memoryBytes,
      memoryMiB,
    }),
  };
}

/** A causal model reads the answer behind the question; a classifier reads no answer. */
function refuseLongRows({ maxSourceTokens, maxTargetTokens }: JobSpec['training'], { task, positions }: ModelShape): void {
  const longest = task === 'CAUSAL_LM' ? maxSourceTokens + maxTargetTokens : maxSourceTokens;
  if (positions === null || longest <= positions) return;
  const asked = task === 'CAUSAL_LM' ? 'max_source_tokens and max_target_tokens make' : 'max_source_tokens makes';
  throw new InvalidRequestError(
    `${asked} rows of up to ${longest} tokens, and the model has ${positions} positions: lower ${task === 'CAUSAL_LM' ? 'them' : 'it'}.`,
    {
      param: 'capstan.training.max_source_tokens',
    },
  );
}

/** What the run will need at its peak, and what a worker gets; throws where it cannot fit into what the pool's workers get. */
function roomFor(spec: JobSpec, facts: EstimateFacts, trainableParameters: number): { memoryBytes: number; memoryMiB: number | null } {
  const { parameterCount, backend, shape } = facts;
  const rowsOfPair = spec.preference ? 2 : 1;
  const need = (training: JobSpec['training']) =>
    peakMemoryBytes(shape, {
      ...training,
      parameterCount,
      trainableParameters,
      backend,
      microBatchSize: training.microBatchSize * rowsOfPair,
    });
  const memoryBytes = need(spec.training);
  const memoryMiB = spec.resources.memoryMiB ?? facts.pool.memoryMiB;
  refuseWithoutRoom({
    peakMemoryBytes: memoryBytes,
    leastMemoryBytes: need({ ...spec.training, microBatchSize: 1, gradientCheckpointing: true }),
    // A limit that the request itself names is kept, and warned of.
    memoryMiB: spec.resources.memoryMiB === null ? facts.pool.memoryMiB : null,
    gpusPerWorker: spec.resources.gpusPerWorker,
  });
  return { memoryBytes, memoryMiB };
}

function meanTokens(spec: JobSpec, report: DatasetReport): { source: number; target: number } {
  const { maxSourceTokens, maxTargetTokens } = spec.training;
  const mean = (side: 'source' | 'target') => report.tokens?.[side].mean ?? (report.characters?.[side].mean ?? 0) / CHARACTERS_PER_TOKEN;
  return { source: Math.min(maxSourceTokens, mean('source')), target: Math.min(maxTargetTokens, mean('target')) };
}

/** A frozen weight costs 4 operations a token (forward, gradient of its input); a trained one 6. */
function tokensPerSecond(spec: JobSpec, facts: EstimateFacts): number {
  if (facts.measuredTokensPerSecond !== null) return facts.measuredTokensPerSecond;
  const operations = (spec.method === 'full' ? 6 : 4) * Math.max(1, facts.parameterCount);
  const gpus = facts.pool.gpusPerWorker;
  return ((gpus > 0 ? gpus * GPU_FLOPS : CPU_FLOPS) * spec.resources.workers) / operations;
}
