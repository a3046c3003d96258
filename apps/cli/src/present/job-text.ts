import type { JobObject } from '@capstan/core';
import {
  formatBytes,
  formatCost,
  formatCount,
  formatDuration,
  formatInstant,
  formatLearningRate,
  formatLoss,
  shorten,
  wrap,
} from '../output/format.ts';
import type { Output } from '../output/output.ts';
import { paintState } from './paint-state.ts';

const NAME_COLUMN = 14;

/** Everything about one job that a person would ask for, as names and values. */
export function jobText(job: JobObject, output: Output): string {
  const rows = [...identityRows(job), ...stateRows(job, output), ...settingRows(job), ...costRows(job)];
  const width = Math.max(20, output.columns - NAME_COLUMN - 2);
  return output.table(
    rows.map(([name, value]) => [output.colors.dim(name), wrap(value, width).join('\n')]),
    { headings: null },
  );
}

/** One line per job, newest first. */
export function jobsTable(jobs: JobObject[], output: Output): string {
  const rows = jobs.map((job) => [
    job.id,
    paintState(job.capstan.state, output.colors),
    progressCell(job),
    job.model,
    job.capstan.pool,
    formatInstant(job.created_at),
    formatCost(job.capstan.cost_usd),
  ]);
  return output.table(rows, { headings: ['job', 'state', 'steps', 'model', 'pool', 'created', 'cost'], alignRight: [2, 6] });
}

function progressCell({ capstan }: JobObject): string {
  if (capstan.progress !== null) return `${capstan.progress.step}/${capstan.progress.total_steps}`;
  return capstan.position === null ? '–' : `#${capstan.position} in queue`;
}

type Row = [name: string, value: string];

function identityRows(job: JobObject): Row[] {
  const rows: Row[] = [
    ['job', job.id],
    ['base model', job.model],
    ['training file', job.training_file],
  ];
  if (job.validation_file !== null) rows.push(['validation', job.validation_file]);
  rows.push(['created', formatInstant(job.created_at)]);
  if (job.finished_at !== null) rows.push(['finished', formatInstant(job.finished_at)]);
  return rows;
}

function stateRows(job: JobObject, output: Output): Row[] {
  const { state, reason, message, position, progress, attempt, max_attempts: maxAttempts, eta, eta_seconds: left } = job.capstan;
  const rows: Row[] = [['state', reason === null ? paintState(state, output.colors) : `${paintState(state, output.colors)} (${reason})`]];
  if (message !== null) rows.push(['why', message]);
  if (position !== null) rows.push(['position', `${position} in the queue of ${job.capstan.pool}`]);
  if (attempt > 1) rows.push(['attempt', `${attempt} of at most ${maxAttempts}`]);
  if (progress !== null) rows.push(['progress', progressText(progress)]);
  if (eta !== null) rows.push(['starts', `in about ${formatDuration(eta.p50)}, ${formatDuration(eta.p90)} if things go slowly`]);
  else if (left !== null) rows.push(['left', `about ${formatDuration(left)}`]);
  if (job.fine_tuned_model !== null) rows.push(['result', job.fine_tuned_model]);
  return rows;
}

function progressText(progress: NonNullable<JobObject['capstan']['progress']>): string {
  const parts = [
    `step ${progress.step} of ${progress.total_steps}`,
    `epoch ${progress.epoch.toFixed(2)}`,
    `loss ${formatLoss(progress.train_loss)}`,
  ];
  if (progress.eval_loss !== null) parts.push(`eval loss ${formatLoss(progress.eval_loss)}`);
  if (progress.tokens_per_second !== null) parts.push(`${formatCount(progress.tokens_per_second)} tokens/s`);
  return `${parts.join(', ')} (${progress.phase})`;
}

function settingRows({ capstan }: JobObject): Row[] {
  const { training, lora, resources } = capstan;
  const method = capstan.method === 'full' || lora === null ? `full (${capstan.init})` : loraText(lora);
  const memory = resources.memory_mib === null ? '' : `, ${formatBytes(resources.memory_mib * 1024 ** 2)} of memory`;
  return [
    ['method', method],
    [
      'training',
      `${training.total_steps} steps of ${training.batch_size} rows, learning rate ${formatLearningRate(training.learning_rate)} (${training.decay})`,
    ],
    ['workers', `${resources.workers}${memory}`],
  ];
}

function loraText(lora: NonNullable<JobObject['capstan']['lora']>): string {
  const modules = Array.isArray(lora.target_modules) ? lora.target_modules.join(', ') : lora.target_modules;
  return `LoRA r ${lora.r}, alpha ${lora.alpha}, ${shorten(modules, 60)}`;
}

function costRows({ capstan, trained_tokens: trainedTokens }: JobObject): Row[] {
  const rows: Row[] = [];
  if (capstan.gpu_seconds > 0) rows.push(['cost', `${formatCost(capstan.cost_usd)} for ${formatDuration(capstan.gpu_seconds)} of a slot`]);
  if (trainedTokens !== null) rows.push(['trained', `${formatCount(trainedTokens)} tokens`]);
  return rows;
}
