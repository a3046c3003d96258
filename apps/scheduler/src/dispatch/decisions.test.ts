import { FakeClock } from '@capstan/testing';
import { describe, expect, it } from 'vitest';
import { createDecisions } from './decisions.ts';

const tick = () => new Promise((resolve) => setImmediate(resolve));

async function isSettled(settled: Promise<void>): Promise<boolean> {
  let is = false;
  void settled.then(() => {
    is = true;
  });
  await tick();
  return is;
}

describe('decisions', () => {
  it('are waited for until the last pool has decided', async () => {
    const decisions = createDecisions(new FakeClock());
    expect(await isSettled(decisions.settled())).toBe(true);
    decisions.begin('a');
    decisions.begin('b');
    decisions.begin('a');
    const settled = decisions.settled();
    decisions.end('a');
    decisions.end('a');
    decisions.end('c');
    expect(await isSettled(settled)).toBe(false);
    decisions.end('b');
    expect(await isSettled(settled)).toBe(true);
    decisions.begin('a');
    expect(await isSettled(decisions.settled())).toBe(false);
  });

  it('hold up no launch for longer than two seconds, and the next ones as long again', async () => {
    const clock = new FakeClock();
    const decisions = createDecisions(clock);
    decisions.begin('a');
    const settled = decisions.settled();
    await clock.advance(1_999);
    expect(await isSettled(settled)).toBe(false);
    await clock.advance(1);
    expect(await isSettled(settled)).toBe(true);
    decisions.end('a');
    decisions.begin('b');
    expect(await isSettled(decisions.settled())).toBe(false);
  });
});
