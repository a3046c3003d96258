import type { Change, Database } from '@capstan/db';
import type { Logger } from '@capstan/runtime';

export interface ChangeFeed {
  /** Calls `poke` whenever something of the job may have changed, until the returned function is called. */
  watch(jobId: string, poke: () => void): () => void;
  /** Calls `hear` with every change of any job or pool, until the returned function is called. */
  watchAll(hear: (change: Change) => void): () => void;
}

/**
 * Fans one LISTEN connection out to every open stream. Watchers are only told that there is something to read, never what: nothing is
 * buffered for a slow reader, and a missed or repeated change does no harm.
 */
export function createChangeFeed({
  db,
  logger,
  signal,
}: {
  db: Pick<Database, 'changes'>;
  logger: Logger;
  signal: AbortSignal;
}): ChangeFeed {
  const watchers = new Map<string, Set<() => void>>();
  const listeners = new Set<(change: Change) => void>();
  const listen = async () => {
    for await (const change of db.changes(signal)) {
      if (change.kind === 'job' || change.kind === 'report') pokeAll(watchers.get(change.jobId));
      else if (change.kind === 'resync') for (const pokes of watchers.values()) pokeAll(pokes);
      for (const hear of listeners) hear(change);
    }
  };
  listen().catch((err: unknown) => signal.aborted || logger.error({ err }, 'changes are no longer heard; streams go on by polling'));
  return {
    watch(jobId, poke) {
      const pokes = watchers.get(jobId) ?? new Set();
      watchers.set(jobId, pokes.add(poke));
      return () => {
        pokes.delete(poke);
        if (pokes.size === 0 && watchers.get(jobId) === pokes) watchers.delete(jobId);
      };
    },
    watchAll(hear) {
      listeners.add(hear);
      return () => void listeners.delete(hear);
    },
  };
}

function pokeAll(pokes: Iterable<() => void> = []): void {
  for (const poke of pokes) poke();
}
