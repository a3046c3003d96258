import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createJobRequestSchema } from '@capstan/core';
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import type { Output } from '../output/output.ts';
import { renderTable } from '../output/table.ts';
import { typicalSpeed } from './ask-model.ts';
import { demoJobRequest } from './demo-job.ts';
import { readDemoPrompts } from './demo-prompts.ts';
import { failureSummary, successSummary } from './demo-summary.ts';
import { makeNarrator } from './narrator.ts';
import { answersText, figuresTable } from './results-text.ts';

const FIGURES = { loss: 5.2, perplexity: 181.3, token_accuracy: 0.4, rouge1: 0.07, rouge2: 0.02, rougeL: 0.06, rougeLsum: 0.06, rows: 200 };
const BETTER = { ...FIGURES, loss: 4.15, rouge1: 0.26, rouge2: 0.12, rougeL: 0.24 };

function makeOutput(columns: number) {
  const lines: string[] = [];
  const output = { columns, colors: pc.createColors(false), table: renderTable, line: (text = '') => lines.push(text) };
  return { lines, output: output as unknown as Output };
}

describe('the story of the demo', () => {
  it('keeps to the width of the terminal, and never leaves two empty lines', () => {
    const { lines, output } = makeOutput(40);
    const narrator = makeNarrator(output);
    narrator.chapter('One');
    narrator.say('word '.repeat(30));
    narrator.show('a block\nof two lines');
    narrator.chapter('Two');
    narrator.fail('It broke: see the log.\n  a line of the log that is longer than the terminal is wide');
    expect(lines).toContain('1. One');
    expect(lines).toContain('2. Two');
    expect(lines.filter((line) => !line.includes('of the log that')).every((line) => line.length <= 40)).toBe(true);
    expect(lines.join('\n')).not.toMatch(/\n\n\n/);
    expect(lines.at(-1)).toBe('  a line of the log that is longer than the terminal is wide');
  });

  it('asks for a job that the API understands', () => {
    expect(createJobRequestSchema.safeParse(demoJobRequest({ training: 'file-a', validation: 'file-b' })).error).toBeUndefined();
  });

  it('shows base and adapter side by side', () => {
    const table = figuresTable(FIGURES, BETTER, makeOutput(80).output);
    expect(table).toContain('validation loss  5.2000   4.1500  -1.0500');
    expect(table).toContain('ROUGE-L          0.0600   0.2400  +0.1800');
  });

  it('shows each prompt with the answers before and after, within the width', () => {
    const prompts = [{ prompt: 'Summarize this: '.repeat(12), reference: 'a short text' }];
    const answer = (text: string) => [{ text, tokensPerSecond: 20 }];
    const text = answersText(prompts, answer(' '), answer('short text'), makeOutput(60).output);
    expect(text).toMatch(/before +\(nothing\)/);
    expect(text).toMatch(/after +short text/);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(60);
  });

  it('takes the middle of the speeds, and none where none was measured', () => {
    expect(typicalSpeed([5, 30, 20].map((tokensPerSecond) => ({ text: '', tokensPerSecond })))).toBe(20);
    expect(typicalSpeed([{ text: '', tokensPerSecond: null }])).toBeNull();
  });

  it('reads the first good rows of a dataset', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'capstan-demo-'));
    const path = join(folder, 'valid.jsonl');
    writeFileSync(path, ['not json', ...['a', 'b', 'c'].map((prompt) => JSON.stringify({ prompt, completion: `${prompt}!` }))].join('\n'));
    expect(await readDemoPrompts(path, 2)).toEqual([
      { prompt: 'a', reference: 'a!' },
      { prompt: 'b', reference: 'b!' },
    ]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('ends in one line for programs', () => {
    const results = { backend: 'wasm', base: FIGURES, adapter: BETTER, tokensPerSecond: 18.64, folder: '/x' };
    expect(successSummary(results, 200, 123.456)).toEqual({
      script: 'demo',
      ok: true,
      backend: 'wasm',
      steps: 200,
      seconds: 123.5,
      base: { loss: 5.2, rouge1: 0.07, rouge2: 0.02, rougeL: 0.06 },
      adapter: { loss: 4.15, rouge1: 0.26, rouge2: 0.12, rougeL: 0.24 },
      tokensPerSecond: 18.6,
    });
    expect(failureSummary('No.', 1)).toEqual({ script: 'demo', ok: false, seconds: 1, error: 'No.' });
  });
});
