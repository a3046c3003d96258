import type { JobObject } from '@capstan/core';
import { Code } from '@mantine/core';
import { bytes, count, dateTime, figure, percent } from '../format.ts';
import { type Fact, Facts } from '../shell/facts.tsx';
import { Section } from '../shell/section.tsx';

/** What was resolved at submission, and never changes. */
export function JobSettings({ job }: { job: JobObject }) {
  return (
    <Section title="Settings">
      <Facts facts={[...submission(job), ...lora(job), ...training(job)]} columns={5} />
    </Section>
  );
}

function submission(job: JobObject): Fact[] {
  const { estimate, resources } = job.capstan;
  return [
    ['Created', dateTime(job.created_at)],
    ['Training file', <Code key="file">{job.training_file}</Code>],
    ['Validation file', job.validation_file === null ? '–' : <Code key="file">{job.validation_file}</Code>],
    ['Method', methodText(job)],
    ['Workers', `${resources.workers}, ${resources.gpus_per_worker} GPUs each`],
    ['Trainable parameters', `${count(estimate.trainable_parameters)} (${percent(estimate.trainable_share)})`],
    ['Peak memory, estimated', bytes(estimate.peak_memory_bytes)],
    ['Seed', String(job.seed)],
    ...Object.entries(job.metadata ?? {}).map(([name, value]): Fact => [`metadata.${name}`, value]),
  ];
}

function methodText({ method: learning, capstan: { method, init, lora: adapter } }: JobObject): string {
  const beta = learning?.dpo?.hyperparameters?.beta;
  return [
    adapter?.use_dora === true ? 'DoRA' : method,
    ...(learning?.type === 'dpo' ? [`DPO with beta ${beta}`] : []),
    ...(init === 'random' ? ['from scratch'] : []),
  ].join(', ');
}

function lora({ capstan }: JobObject): Fact[] {
  if (capstan.lora === null) return [];
  const { r, alpha, dropout, target_modules: modules } = capstan.lora;
  return [
    ['LoRA rank', String(r)],
    ['LoRA alpha', String(alpha)],
    ['LoRA dropout', String(dropout)],
    ['Target modules', Array.isArray(modules) ? modules.join(', ') : modules],
  ];
}

function training({ capstan: { training: settings } }: JobObject): Fact[] {
  return [
    ['Batch size', `${settings.batch_size} (in pieces of ${settings.micro_batch_size})`],
    ['Peak learning rate', figure(settings.learning_rate)],
    ['Warm-up, decay', `${count(settings.warmup_steps)} steps, ${settings.decay}`],
    ['Weight decay', figure(settings.weight_decay)],
    ['Gradient norm at most', figure(settings.max_grad_norm)],
    ['Gradient checkpointing', settings.gradient_checkpointing ? 'on' : 'off'],
    ['Tokens in, out', `${settings.max_source_tokens}, ${settings.max_target_tokens}`],
    ['Evaluation', settings.eval_every_steps === 0 ? 'first and last step' : `every ${count(settings.eval_every_steps)} steps`],
    ['Checkpoint', settings.checkpoint_every_steps === 0 ? 'at the end' : `every ${count(settings.checkpoint_every_steps)} steps`],
  ];
}
