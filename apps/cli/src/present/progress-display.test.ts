import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { Output } from '../output/output.ts';
import { makeProgressDisplay } from './progress-display.ts';
import type { TrainingView } from './progress-line.ts';

it('writes a plain line at every tenth and for every evaluation where there is no terminal', () => {
  const lines: string[] = [];
  const output = { interactive: false, line: (text = '') => lines.push(text) } as unknown as Output;
  const display = makeProgressDisplay(output, { stream: new PassThrough() });
  const view: TrainingView = {
    step: 0,
    totalSteps: 100,
    epoch: 0,
    trainLoss: 1,
    evalLoss: null,
    learningRate: null,
    tokensPerSecond: null,
    elapsedSeconds: 1,
    phase: 'training',
  };
  for (let step = 0; step <= 30; step += 1) display.update({ ...view, step, evalLoss: step < 15 ? null : 2 });
  display.stop();
  expect(lines.map((line) => line.split(' · ')[0])).toEqual(['1/100', '10/100', 'validation loss 2.0000 at step 15', '20/100', '30/100']);
});
