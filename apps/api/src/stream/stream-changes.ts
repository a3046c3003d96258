import type { ChangeMessage, Clock } from '@capstan/core';
import type { Change } from '@capstan/db';
import type { ChangeFeed } from './change-feed.ts';
import type { EventStream } from './event-stream.ts';

/** A busy platform changes thousands of times a second; its watchers look again every other second. */
const INTERVAL_MS = 2_000;
const HEARTBEAT_MS = 15_000;

/** Sends hints of what has changed until the signal aborts, all of an interval in one; a heartbeat where nothing has. */
export async function streamChanges(
  { changes, clock }: { changes: ChangeFeed; clock: Clock },
  stream: EventStream,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const gathered = gatherChanges();
  let wake = () => {};
  const unwatch = changes.watchAll((change) => {
    gathered.add(change);
    wake();
  });
  try {
    for (;;) {
      if (gathered.isEmpty()) {
        const sooner = new AbortController();
        wake = () => sooner.abort();
        await clock.sleep(HEARTBEAT_MS, { signal: AbortSignal.any([signal, sooner.signal]) }).catch(() => undefined);
        signal.throwIfAborted();
      }
      if (gathered.isEmpty()) stream.heartbeat();
      else await stream.send({ event: 'change', data: gathered.take() }, { signal });
      await clock.sleep(INTERVAL_MS, { signal });
    }
  } finally {
    unwatch();
  }
}

/** Its size is bounded by the number of pools, however much happens. */
function gatherChanges() {
  let hasJobs = false;
  let isAll = false;
  let pools = new Set<string>();
  return {
    add(change: Change): void {
      if (change.kind === 'resync') isAll = true;
      else if (change.kind !== 'pool') hasJobs = true;
      if ('poolId' in change) pools.add(change.poolId);
    },
    isEmpty: () => !hasJobs && !isAll && pools.size === 0,
    take(): ChangeMessage['data'] {
      const data = { jobs: hasJobs, pools: [...pools], all: isAll };
      [hasJobs, isAll, pools] = [false, false, new Set()];
      return data;
    },
  };
}
