import { createJobRequestSchema } from '@capstan/core';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { buildJobRequest, type JobOptions, jobOptions } from './job-options.ts';

function parse(...args: string[]): JobOptions {
  const command = new Command().requiredOption('--model <id>').requiredOption('--train <file>');
  for (const option of jobOptions()) command.addOption(option);
  return command.parse(['--model', 't5-nano', '--train', 'file-a', ...args], { from: 'user' }).opts<JobOptions>();
}

it('leaves to the server what was not given', () => {
  expect(buildJobRequest(parse(), { training: 'file-a', validation: null })).toEqual({ model: 't5-nano', training_file: 'file-a' });
});

it('puts each option where the API wants it', () => {
  const options = parse(
    '--steps',
    '200',
    '--lora-r',
    '16',
    '--target-modules',
    'q,v',
    '--batch-size',
    '8',
    '--metadata',
    'a=1',
    '--metadata',
    'b=2',
  );
  const request = buildJobRequest(options, { training: 'file-a', validation: 'file-b' });
  expect(request).toEqual({
    model: 't5-nano',
    training_file: 'file-a',
    validation_file: 'file-b',
    metadata: { a: '1', b: '2' },
    method: { type: 'supervised', supervised: { hyperparameters: { batch_size: 8 } } },
    capstan: { lora: { r: 16, target_modules: ['q', 'v'] }, training: { max_steps: 200 } },
  });
});

it('a beta makes it learn from pairs', () => {
  const request = buildJobRequest(parse('--dpo-beta', '0.2', '--epochs', '2'), { training: 'file-a', validation: null });
  expect(request.method).toEqual({ type: 'dpo', dpo: { hyperparameters: { n_epochs: 2, beta: 0.2 } } });
});

it('knows no option that the API would refuse', () => {
  const values: Record<string, string> = {
    '--decay': 'linear',
    '--method': 'full',
    '--init': 'random',
    '--metadata': 'a=b',
    '--target-modules': 'q',
  };
  const words = new Set(['--suffix', '--pool']);
  const args = jobOptions().flatMap(({ long = '' }) => [
    long ?? '',
    values[long ?? ''] ??
      (words.has(long ?? '')
        ? 'x'
        : long?.endsWith('memory-mib') || long?.includes('tokens')
          ? '64'
          : long?.includes('dropout')
            ? '0.5'
            : '1'),
  ]);
  const request = buildJobRequest(parse(...args), { training: 'file-a', validation: null });
  expect(createJobRequestSchema.safeParse(request).error?.issues ?? []).toEqual([]);
});
