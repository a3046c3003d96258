import type { JobEstimateObject } from '@capstan/core';
import { formatBytes, formatCost, formatCount, formatDuration, formatShare } from '../output/format.ts';
import type { Output } from '../output/output.ts';

/** What a job will take, as names and values, and its warnings below. */
export function estimateText(estimate: JobEstimateObject, output: Output): string {
  const basis = estimate.seconds_basis === 'measured' ? 'as measured on this pool' : 'a first guess: no job ran here yet';
  const rows = [
    ['steps', formatCount(estimate.steps)],
    ['tokens', formatCount(estimate.trained_tokens)],
    ['trainable', `${formatCount(estimate.trainable_parameters)} parameters, ${formatShare(estimate.trainable_share)} of the model`],
    ['time', `about ${formatDuration(estimate.seconds)} (${basis})`],
    ['peak memory', `about ${formatBytes(estimate.peak_memory_bytes)}`],
    ['cost', `about ${formatCost(estimate.cost_usd)}`],
  ].map(([name = '', value = '']) => [output.colors.dim(name), value]);
  const warnings = estimate.warnings.map((warning) => output.colors.yellow(`! ${warning}`));
  return [output.table(rows, { headings: null }), ...warnings].join('\n');
}
