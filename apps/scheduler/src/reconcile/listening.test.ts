import { describe, expect, it } from 'vitest';
import { createListening } from './listening.ts';

describe('createListening', () => {
  it('begins anew after a gap, and not before', () => {
    let now = new Date(0);
    const listening = createListening({ now: () => now, sleep: async () => undefined }, 10_000);
    for (const second of [5, 14, 24]) {
      now = new Date(second * 1000);
      listening.heard();
    }
    expect(listening.since()).toEqual(new Date(0));
    now = new Date(40_000);
    listening.heard();
    expect(listening.since()).toEqual(new Date(40_000));
  });
});
