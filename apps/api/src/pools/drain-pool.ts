import type { ApiContext } from '../api-context.ts';

const BATCH = 1_000;

/** Asks every job that has workers in the pool to save a checkpoint and pause; those that are on their way out already are left alone. */
export async function drainPool({ db }: Pick<ApiContext, 'db'>, poolId: string): Promise<void> {
  for (let isDone = false; !isDone; ) {
    const { jobs, hasMore } = await db.jobs.list({ poolId, states: ['starting', 'running'], limit: BATCH });
    await Promise.all(jobs.map(({ id }) => db.jobs.applyEvent(id, { type: 'pauseRequested', cause: 'drain' })));
    isDone = !hasMore;
  }
}
