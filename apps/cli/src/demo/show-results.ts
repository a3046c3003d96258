import { join } from 'node:path';
import { AppError, type JobObject } from '@capstan/core';
import { formatCost, formatCount, formatDuration } from '../output/format.ts';
import { type Answer, askModel, typicalSpeed } from './ask-model.ts';
import type { DemoContext } from './demo-context.ts';
import type { DemoPrompt } from './demo-prompts.ts';
import { downloadAdapter } from './download-adapter.ts';
import { answersText, figuresTable } from './results-text.ts';

type Figures = NonNullable<NonNullable<JobObject['capstan']['result']>['base']>;

export interface DemoResults {
  backend: string;
  base: Figures;
  adapter: Figures;
  tokensPerSecond: number | null;
  folder: string;
}

/** Before and after, in figures and in words; then the adapter on this disk, the speed and the bill. */
export async function showResults(
  demo: DemoContext,
  job: JobObject,
  tried: { prompts: DemoPrompt[]; before: Answer[] },
): Promise<DemoResults> {
  const { narrator, output } = demo;
  const { result, base, adapter } = evaluated(job);
  narrator.say(
    `Both models answered the same ${adapter.rows} rows of the validation set, which neither was trained on. Higher ROUGE is better.`,
  );
  narrator.show(figuresTable(base, adapter, output));
  const model = job.fine_tuned_model ?? '';
  narrator.say(`The prompts of chapter 2 again, now to ${model}, served next to its base:`);
  const after = await askModel(
    demo,
    model,
    tried.prompts.map(({ prompt }) => prompt),
  );
  narrator.show(answersText(tried.prompts, tried.before, after, output));
  const folder = await downloadAdapter(demo, job);
  const tokensPerSecond = typicalSpeed(after) ?? result.generation_tokens_per_second;
  narrator.show(output.table(factRows(demo, job, { folder, tokensPerSecond, backend: result.backend }), { headings: null }));
  return { backend: result.backend, base, adapter, tokensPerSecond, folder };
}

function evaluated(job: JobObject) {
  const { result } = job.capstan;
  if (!result?.base || !result.adapter)
    throw new AppError('internal', `Job ${job.id} succeeded without an evaluation of base and adapter.`);
  return { result, base: result.base, adapter: result.adapter };
}

interface Facts {
  folder: string;
  backend: string;
  tokensPerSecond: number | null;
}

function factRows({ output, baseUrl }: DemoContext, { capstan, trained_tokens: trainedTokens }: JobObject, facts: Facts): string[][] {
  const speed = facts.tokensPerSecond === null ? 'not measured' : `${facts.tokensPerSecond.toFixed(1)} tokens/s`;
  const rows = [
    ['adapter', join(facts.folder, 'adapter_model.safetensors')],
    ['', "in PEFT's layout, with its adapter_config.json"],
    ['inference', speed],
    ['trained', `${formatCount(trainedTokens ?? 0)} tokens on ${facts.backend}`],
    ['cost', `${formatCost(capstan.cost_usd)}: ${formatDuration(capstan.gpu_seconds)} of one slot of pool ${capstan.pool}`],
    ['API', baseUrl],
  ];
  return rows.map(([name = '', value = '']) => [output.colors.dim(name), value]);
}
