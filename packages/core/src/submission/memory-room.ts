import { InvalidRequestError } from '../errors.ts';

interface MemoryNeeds {
  /** As asked for. */
  peakMemoryBytes: number;
  /** With one row at once and gradient checkpointing. */
  leastMemoryBytes: number;
  /** What a worker of the pool gets; null where it has no limit. */
  memoryMiB: number | null;
  gpusPerWorker: number;
}

/** The estimate's own error: beyond it a run cannot fit. */
const MARGIN = 1.25;
const BYTES_PER_MIB = 1_048_576;

/** Throws an InvalidRequestError with advice where the run cannot fit. On a GPU the worker's memory holds little of it, so nothing is refused. */
export function refuseWithoutRoom({ peakMemoryBytes, leastMemoryBytes, memoryMiB, gpusPerWorker }: MemoryNeeds): void {
  if (memoryMiB === null || gpusPerWorker > 0 || mebibytes(peakMemoryBytes) <= MARGIN * memoryMiB) return;
  const needs = `The job needs about ${mebibytes(peakMemoryBytes)} MiB and a worker gets ${memoryMiB} MiB`;
  const least = mebibytes(leastMemoryBytes);
  const advice =
    least <= memoryMiB
      ? `lower capstan.training.micro_batch_size or set capstan.training.gradient_checkpointing: ${least} MiB are enough with one row at once`
      : `even one row at once with gradient_checkpointing needs ${least} MiB: take a smaller model, shorter rows or a pool with more memory`;
  throw new InvalidRequestError(`${needs}: ${advice}.`, { param: 'capstan.pool' });
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_MIB);
}
