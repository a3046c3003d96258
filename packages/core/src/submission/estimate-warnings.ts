import type { DatasetReport, Leakage } from '../datasets/dataset-report.ts';
import type { JobSpec } from '../job.ts';

interface WarningFacts {
  training: DatasetReport;
  leakage: Leakage | null;
  peakMemoryBytes: number;
  memoryMiB: number | null;
}

const FEW_ROWS = 50;
const NOTEWORTHY_SHARE = 0.05;
const BYTES_PER_MIB = 1_048_576;

/** What a person should know before the job is paid for; an empty list where nothing is odd. */
export function estimateWarnings(spec: JobSpec, { training, leakage, peakMemoryBytes, memoryMiB }: WarningFacts): string[] {
  const warnings: string[] = [];
  if (training.rows < FEW_ROWS) warnings.push(`The training file has only ${training.rows} rows: the model may learn them by heart.`);
  if (training.duplicates.share > NOTEWORTHY_SHARE) {
    warnings.push(`${percent(training.duplicates.share)} of the training rows repeat an earlier row.`);
  }
  for (const side of ['source', 'target'] as const) {
    const limit = side === 'source' ? spec.training.maxSourceTokens : spec.training.maxTargetTokens;
    const cut = training.tokens ? shareAbove(training.tokens[side], limit) : 0;
    if (cut > NOTEWORTHY_SHARE)
      warnings.push(`About ${percent(cut)} of the rows are cut: their ${side} is longer than max_${side}_tokens = ${limit}.`);
  }
  if (memoryMiB !== null && peakMemoryBytes > memoryMiB * BYTES_PER_MIB) {
    const needed = Math.ceil(peakMemoryBytes / BYTES_PER_MIB);
    warnings.push(
      `The job may need about ${needed} MiB and a worker gets ${memoryMiB} MiB: lower capstan.training.micro_batch_size or set gradient_checkpointing.`,
    );
  }
  if (leakage !== null && leakage.sources > 0) {
    const rows = leakage.sources === 1 ? '1 validation row stands' : `${leakage.sources} validation rows stand`;
    warnings.push(`${rows} in the training file too (${percent(leakage.share)}): the evaluation will look better than it is.`);
  }
  if (spec.validationFile === null)
    warnings.push('No validation_file: the loss on unseen rows and the comparison with the base are left out.');
  return warnings;
}

/** At least this share lies above `limit`: whole buckets only, so it never overstates. */
function shareAbove({ rows, buckets }: { rows: number; buckets: { upTo: number; rows: number }[] }, limit: number): number {
  let previous = 0;
  let above = 0;
  for (const bucket of buckets) {
    if (previous >= limit) above += bucket.rows;
    previous = bucket.upTo;
  }
  return rows === 0 ? 0 : above / rows;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
