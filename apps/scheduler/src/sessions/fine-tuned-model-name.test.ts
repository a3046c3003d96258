import { describe, expect, it } from 'vitest';
import { fineTunedModelName } from './fine-tuned-model-name.ts';

const named = (model: string, suffix: string | null) =>
  fineTunedModelName({ id: 'ftjob-abcdefghijklmnopqrstuvwx', spec: { model, suffix } as Parameters<typeof fineTunedModelName>[0]['spec'] });

describe('fineTunedModelName', () => {
  it('holds base, suffix and the end of the job id', () => {
    expect(named('t5-nano', 'titles')).toBe('ft:t5-nano:capstan:titles:mnopqrstuvwx');
    expect(named('t5-nano', null)).toBe('ft:t5-nano:capstan::mnopqrstuvwx');
  });

  it('names the base of a base that was fine-tuned itself', () => {
    expect(named('ft:t5-nano:capstan:titles:mnopqrstuvwx', 'more')).toBe('ft:t5-nano:capstan:more:mnopqrstuvwx');
  });
});
