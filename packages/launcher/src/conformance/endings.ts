import { expect, test } from 'vitest';
import type { Place } from './place.ts';

/** How ranks end, and what their ends are called. */
export function testEndings(place: Place): void {
  test('a rank that exits with 0 has succeeded, and its output can be read', async () => {
    const name = await place.launch(place.spec('succeed'));
    const [rank] = await place.until(name, 'succeeded');
    expect(rank).toMatchObject({ jobId: 'ftjob-succeed-1', kind: 'train', attempt: 1, epoch: 7, rank: 0, exitCode: 0, reason: null });
    expect(rank?.startedAt?.getTime()).toBeLessThanOrEqual(rank?.finishedAt?.getTime() ?? 0);
    expect(await place.launcher().readLog(name, 0, { tailBytes: 9 })).toBe('all done\n');
  });

  test('a rank that exits with another status has failed, with that status and its last words', async () => {
    const [rank] = await place.until(await place.launch(place.spec('fail')), 'failed');
    expect(rank).toMatchObject({ exitCode: 3, reason: null });
    expect(rank?.logTail.at(-1)).toBe('about to fail');
  });

  test('a rank that is killed by a signal has failed as WorkerKilled', async () => {
    const [rank] = await place.until(await place.launch(place.spec('die')), 'failed');
    expect(rank).toMatchObject({ exitCode: 137, reason: 'WorkerKilled' });
  });

  test('a rank that exceeds its memory limit has failed as OOMKilled with 137', async () => {
    const [rank] = await place.until(await place.launch(place.spec('hungry', { memoryMiB: 150 })), 'failed');
    expect(rank).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  });
}
