import { isActive } from '@capstan/core';
import type { Change, Database } from '@capstan/db';
import type { Dispatchers } from './dispatch/dispatchers.ts';
import type { KeyedRunner } from './keyed-runner.ts';

export interface ChangeFollowers {
  dispatchers: Dispatchers;
  reconciler: KeyedRunner;
  /** Lets jobs go that were held back for their project's quota, or the size of their pool. */
  releaser: KeyedRunner;
  /** A pool was changed. */
  onPool: () => void;
  /** Something may have been missed: look at everything. */
  onResync: () => void;
}

/** Turns what the database announces into wake-ups, until the signal aborts. Hints only: every loop also runs on a timer. */
export async function followChanges(db: Database, followers: ChangeFollowers, signal: AbortSignal): Promise<void> {
  for await (const change of db.changes(signal)) await follow(change, followers);
}

async function follow(change: Change, { dispatchers, reconciler, releaser, onPool, onResync }: ChangeFollowers): Promise<void> {
  switch (change.kind) {
    case 'job':
      if (change.status === 'pausing' || change.status === 'cancelling') reconciler.run(change.jobId);
      if (change.status === 'queued' || isActive(change.status)) return;
      releaser.run('held');
      return dispatchers.wake(change.poolId, 'room');
    case 'queued':
      return dispatchers.wake(change.poolId, 'entry');
    case 'pool':
      onPool();
      releaser.run('held');
      return dispatchers.refresh();
    case 'resync':
      onResync();
      return dispatchers.refresh();
    case 'report':
      return;
  }
}
