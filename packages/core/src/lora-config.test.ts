import { describe, expect, it } from 'vitest';
import { loraConfigSchema } from './lora-config.ts';

const targets = (targetModules: unknown) => loraConfigSchema.safeParse({ targetModules }).success;

describe('target modules', () => {
  it('are names, a pattern over whole paths, or all linear layers', () => {
    for (const good of [['q', 'SelfAttention.v'], 'all-linear', '.*encoder.*\\.(q|v)', 'model.layers.[0-3].*_proj'])
      expect([good, targets(good)]).toEqual([good, true]);
  });

  it.each([['(a+)+b'], ['(a|b)*c'], ['.*.*.*.*x'], ['(q'], ['q; v'], ['q{1,9}'], [''], [[]], [['q v']]])(
    'cannot be %j, which would never end, says nothing, or is not one',
    (bad) => {
      expect(targets(bad)).toBe(false);
    },
  );
});
