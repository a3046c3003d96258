import type { Clock, Pool } from '@capstan/core';
import { Gauge } from 'prom-client';
import type { SchedulerContext } from './scheduler-context.ts';

/** Scrapes within this time share one look at the stores, in milliseconds. */
const FRESH_MS = 5_000;

interface PoolFacts {
  pool: Pool;
  entries: { waiting: number; delayed: number; active: number };
  reserved: number;
}

/**
 * Adds what is looked at when a scrape comes: the sessions that ranks hold here, the lengths of the queues, which their store keeps by
 * itself, and one sum over the jobs that have ranks. While a store is away its numbers are missing, and the rest of the scrape is there.
 */
export function addGauges(
  { db, queue, clock, metrics }: Pick<SchedulerContext, 'db' | 'queue' | 'clock' | 'metrics'>,
  sessions: () => number,
): void {
  const registers = [metrics.registry];
  new Gauge({
    name: 'capstan_worker_sessions',
    help: 'Ranks that hold a session with this scheduler.',
    registers,
    collect() {
      this.set(sessions());
    },
  });
  const look = keepFresh(clock, async (): Promise<PoolFacts[]> => {
    const [pools, reserved] = await Promise.all([db.pools.list(), db.pools.reserved()]);
    return Promise.all(pools.map(async (pool) => ({ pool, entries: await queue.counts(pool.id), reserved: reserved.get(pool.id) ?? 0 })));
  });
  function gauge(name: string, help: string, show: (gauge: Gauge, facts: PoolFacts) => void, labels: string[] = []): void {
    const made = new Gauge({
      name,
      help,
      labelNames: ['pool', ...labels],
      registers,
      async collect() {
        const facts = await look().catch(() => []);
        made.reset();
        for (const pool of facts) show(made, pool);
      },
    });
  }
  gauge(
    'capstan_queue_entries',
    'Jobs in the queue of a pool: waiting for room, delayed until a later instant, or being launched.',
    (made, { pool, entries }) => {
      for (const [state, count] of Object.entries(entries)) made.set({ pool: pool.id, state }, count);
    },
    ['state'],
  );
  gauge('capstan_pool_slots', 'Workers that a pool may run at once.', (made, { pool }) => made.set({ pool: pool.id }, pool.maxWorkers));
  gauge('capstan_pool_slots_reserved', 'Workers of a pool that jobs hold.', (made, { pool, reserved }) =>
    made.set({ pool: pool.id }, reserved),
  );
  gauge('capstan_pool_gpus_reserved', 'GPUs of a pool that jobs hold.', (made, { pool, reserved }) =>
    made.set({ pool: pool.id }, reserved * pool.gpusPerWorker),
  );
}

/** Calls `read` at most once in `FRESH_MS`; a failure is not kept. */
function keepFresh<Value>(clock: Clock, read: () => Promise<Value>): () => Promise<Value> {
  let kept: { value: Promise<Value>; until: number } | null = null;
  return () => {
    const now = clock.now().getTime();
    if (kept !== null && now < kept.until) return kept.value;
    const value = read();
    const entry = { value, until: now + FRESH_MS };
    kept = entry;
    value.catch(() => {
      if (kept === entry) kept = null;
    });
    return value;
  };
}
