import { isFinished } from '@capstan/core';
import type { RankObservation } from '@capstan/launcher';
import type { ObservedRanks } from '../reconcile/observed-ranks.ts';
import type { SchedulerContext } from '../scheduler-context.ts';

/**
 * Serving workers that have ended are removed, and those that nobody waits for any more are stopped: a scheduler gives up its own where it has
 * not dialled in for `startTimeoutMs`, so one that still has no place long after that was left by a scheduler that died. One that runs is
 * left alone: it dials in somewhere, and is taken or sent away.
 */
export function createServersSweep(context: SchedulerContext, observed: ObservedRanks): () => Promise<void> {
  const { launcher, clock, logger, metrics, settings } = context;
  /** When each that has no place was first seen here. */
  const pendingSince = new Map<string, number>();

  async function clearAway({ name, phase }: RankObservation): Promise<void> {
    if (isFinished({ phase })) return launcher.remove(name);
    if (phase !== 'pending') return;
    const now = clock.now().getTime();
    const since = pendingSince.get(name) ?? now;
    pendingSince.set(name, since);
    // Its own scheduler may have begun to end it, which takes its time too.
    if (now - since <= settings.serving.startTimeoutMs + settings.exitGraceMs) return;
    await launcher.stop(name, { graceMs: settings.killGraceMs });
    metrics.repairs.inc({ kind: 'orphan_rank_stopped' });
    logger.warn({ server: name }, 'a serving worker that found no place was stopped');
  }

  return async () => {
    const servers = observed.all().filter(({ kind }) => kind === 'serve');
    const pending = new Set(servers.filter(({ phase }) => phase === 'pending').map(({ name }) => name));
    for (const name of pendingSince.keys()) if (!pending.has(name)) pendingSince.delete(name);
    for (const server of servers) {
      await clearAway(server).catch((error: unknown) =>
        logger.warn({ err: error, server: server.name }, 'a serving worker could not be cleared away and will be tried again'),
      );
    }
  };
}
