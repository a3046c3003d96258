import { describe, expect, it } from 'vitest';
import { FakeClock } from './fake-clock.ts';

describe('FakeClock', () => {
  it('wakes sleepers in the order of their instants, each at its own', async () => {
    const clock = new FakeClock('2026-01-01T00:00:00.000Z');
    const woken: string[] = [];
    const note = async (ms: number) => {
      await clock.sleep(ms);
      woken.push(`${ms} at ${clock.now().getTime() - Date.UTC(2026, 0)}`);
    };
    void note(300);
    void note(100).then(() => note(50));
    await clock.advance(200);
    expect(woken).toEqual(['100 at 100', '50 at 150']);
    await clock.advance(100);
    expect(woken.at(-1)).toBe('300 at 300');
    expect(clock.sleeping).toBe(0);
  });

  it('rejects a sleep with the reason of its signal and forgets it', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(1_000, { signal: controller.signal });
    controller.abort(new Error('stop'));
    await expect(sleeping).rejects.toThrow('stop');
    await expect(clock.sleep(1, { signal: controller.signal })).rejects.toThrow('stop');
    expect(clock.sleeping).toBe(0);
  });
});
