import { describe, expect, it } from 'vitest';
import type { Change } from './change.ts';
import { ChangeInbox } from './change-inbox.ts';

async function take(inbox: ChangeInbox, count: number): Promise<Change[]> {
  const taken: Change[] = [];
  for await (const change of inbox.drain()) {
    taken.push(change);
    if (taken.length === count) break;
  }
  return taken;
}

describe('ChangeInbox', () => {
  it('hands out in the order of arrival, and holds equal changes once', async () => {
    const inbox = new ChangeInbox();
    for (const jobId of ['a', 'b', 'a']) inbox.push({ kind: 'report', jobId });
    inbox.push({ kind: 'pool', poolId: 'p' });
    expect(await take(inbox, 3)).toEqual([
      { kind: 'report', jobId: 'a' },
      { kind: 'report', jobId: 'b' },
      { kind: 'pool', poolId: 'p' },
    ]);
  });

  it('becomes one resync when more is unread than it may hold', async () => {
    const inbox = new ChangeInbox(3);
    for (const jobId of ['a', 'b', 'c', 'd']) inbox.push({ kind: 'report', jobId });
    inbox.push({ kind: 'report', jobId: 'e' });
    expect(await take(inbox, 2)).toEqual([{ kind: 'resync' }, { kind: 'report', jobId: 'e' }]);
  });

  it('wakes a waiting reader, and lets it go when closed', async () => {
    const inbox = new ChangeInbox();
    const taking = take(inbox, 1);
    inbox.push({ kind: 'queued', poolId: 'p' });
    expect(await taking).toEqual([{ kind: 'queued', poolId: 'p' }]);
    const waiting = take(inbox, 1);
    inbox.close();
    expect(await waiting).toEqual([]);
  });
});
