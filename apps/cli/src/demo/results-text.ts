import type { JobObject } from '@capstan/core';
import { formatLoss, wrap } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import type { Answer } from './ask-model.ts';
import type { DemoPrompt } from './demo-prompts.ts';

type Figures = NonNullable<NonNullable<JobObject['capstan']['result']>['base']>;

/** Base and adapter side by side on the same validation rows. */
export function figuresTable(base: Figures, adapter: Figures, { table, colors }: Output): string {
  const row = (name: string, key: 'loss' | 'rouge1' | 'rouge2' | 'rougeL', lowerIsBetter: boolean) => {
    const change = adapter[key] - base[key];
    const shown = `${change > 0 ? '+' : ''}${change.toFixed(4)}`;
    return [name, formatLoss(base[key]), formatLoss(adapter[key]), change < 0 === lowerIsBetter ? colors.green(shown) : colors.red(shown)];
  };
  const rows = [
    row('validation loss', 'loss', true),
    row('ROUGE-1', 'rouge1', false),
    row('ROUGE-2', 'rouge2', false),
    row('ROUGE-L', 'rougeL', false),
  ];
  return table(rows, { headings: ['', 'base', 'adapter', 'change'], alignRight: [1, 2, 3] });
}

const LABEL_COLUMNS = 18;
const WIDEST = 100;

/** Each prompt with what a person wrote and what the model answered, before and, where known, after. */
export function answersText(prompts: DemoPrompt[], before: Answer[], after: Answer[] | null, output: Output): string {
  const { colors } = output;
  const blocks = prompts.map(({ prompt, reference }, index) => {
    const rows: Row[] = [
      { label: 'prompt', text: prompt, paint: colors.dim },
      { label: 'a person wrote', text: reference },
      { label: after === null ? 'base model' : 'before', text: spoken(before[index]) },
    ];
    if (after !== null) rows.push({ label: 'after', text: spoken(after[index]), paint: colors.green });
    return rowsTable(rows, output);
  });
  return blocks.join('\n\n');
}

interface Row {
  label: string;
  text: string;
  paint?: (text: string) => string;
}

/** Lines are wrapped before they are painted: colour codes have no width. */
function rowsTable(rows: Row[], { table, columns }: Output): string {
  const width = Math.min(columns, WIDEST) - LABEL_COLUMNS - 3;
  const cells = rows.map(({ label, text, paint = (line) => line }) => [label, wrap(text, width).map(paint).join('\n')]);
  return table(cells, { headings: null });
}

function spoken(answer: Answer | undefined): string {
  return answer === undefined || answer.text.trim() === '' ? '(nothing)' : answer.text.trim();
}
