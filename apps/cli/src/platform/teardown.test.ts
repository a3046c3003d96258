import { expect, it } from 'vitest';
import { Teardown } from './teardown.ts';

function gather(names: string[], { failing }: { failing?: string } = {}) {
  const ended: string[] = [];
  const teardown = new Teardown();
  for (const name of names) {
    teardown.add({
      name,
      stop: async () => {
        ended.push(`stop ${name}`);
        if (name === failing) throw new Error(`${name} would not stop`);
      },
      kill: () => void ended.push(`kill ${name}`),
    });
  }
  return { ended, teardown };
}

it('stops what was opened last first', async () => {
  const { ended, teardown } = gather(['postgres', 'scheduler', 'api']);
  await teardown.stop();
  expect(ended).toEqual(['stop api', 'stop scheduler', 'stop postgres']);
});

it('stops each thing once however often it is asked', async () => {
  const { ended, teardown } = gather(['api']);
  await Promise.all([teardown.stop(), teardown.stop()]);
  expect(ended).toEqual(['stop api']);
});

it('goes on after a failure and reports it', async () => {
  const { ended, teardown } = gather(['postgres', 'api'], { failing: 'api' });
  await expect(teardown.stop()).rejects.toThrow('api would not stop');
  expect(ended).toContain('stop postgres');
});

it('kills everything even while it is stopping', () => {
  const { ended, teardown } = gather(['postgres', 'api']);
  void teardown.stop();
  teardown.kill();
  expect(ended).toEqual(expect.arrayContaining(['kill api', 'kill postgres']));
});
