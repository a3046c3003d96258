import { describe, expect, it } from 'vitest';
import { fineTunedModelName } from './fine-tuned-model-name.ts';

const named = (model: string, suffix: string | null, project = 'acme') =>
  fineTunedModelName(
    { id: 'ftjob-abcdefghijklmnopqrstuvwx', spec: { model, suffix } as Parameters<typeof fineTunedModelName>[0]['spec'] },
    project,
  );

describe('fineTunedModelName', () => {
  it('holds base, project, suffix and the end of the job id', () => {
    expect(named('t5-nano', 'titles')).toBe('ft:t5-nano:acme:titles:mnopqrstuvwx');
    expect(named('t5-nano', null)).toBe('ft:t5-nano:acme::mnopqrstuvwx');
  });

  it('names the base of a base that was fine-tuned itself', () => {
    expect(named('ft:t5-nano:acme:titles:mnopqrstuvwx', 'more')).toBe('ft:t5-nano:acme:more:mnopqrstuvwx');
  });

  it.each([
    ['Search & Ads: Team Ü', 'search-ads-team-u'],
    ['default', 'default'],
    ['日本', 'project'],
    [`${'a'.repeat(39)} b`, 'a'.repeat(39)],
  ])('writes the project %s as %s', (project, slug) => {
    expect(named('t5-nano', null, project)).toBe(`ft:t5-nano:${slug}::mnopqrstuvwx`);
  });
});
