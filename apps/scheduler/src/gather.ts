import { createLatch } from './latch.ts';

/**
 * Hands on all that has arrived since the last time, in order: while the reader is busy, small batches grow into one. Holds at most
 * about `limit` items; beyond that the source is left waiting, so its own flow control does the rest.
 */
export async function* gather<Item>(source: AsyncIterable<Item[]>, limit: number): AsyncGenerator<Item[]> {
  let gathered: Item[] = [];
  let hasEnded = false;
  let failure: unknown;
  let arrived = createLatch();
  let taken = createLatch();

  const pump = async () => {
    try {
      for await (const items of source) {
        for (const item of items) gathered.push(item);
        if (gathered.length > 0) arrived.open();
        if (gathered.length >= limit) await taken.opened;
        if (hasEnded) return;
      }
    } catch (error) {
      failure = error;
    }
    hasEnded = true;
    arrived.open();
  };
  void pump();

  try {
    for (;;) {
      await arrived.opened;
      if (gathered.length === 0) break;
      const batch = gathered;
      gathered = [];
      if (!hasEnded) arrived = createLatch();
      taken.open();
      taken = createLatch();
      yield batch;
    }
    if (failure !== undefined) throw failure;
  } finally {
    hasEnded = true;
    taken.open();
  }
}
