import type { RankIdentity, WorkerCommand } from '@capstan/core';
import { UnavailableError } from '@capstan/core';
import type { WorkerSession } from '@capstan/proto';

interface OpenSession {
  session: WorkerSession;
  isReady: boolean;
}

/** The sessions that ranks hold with this scheduler; other schedulers hold theirs. */
export interface SessionRegistry {
  /** Enters a session; a rank's earlier one, of which it has not yet noticed the end, is closed. The answer takes it out again. */
  enter(session: WorkerSession): () => void;
  /** Notes that a rank is ready; answers how many ranks of its attempt are. */
  markReady(identity: RankIdentity): number;
  /** Sends the command to every rank of the job that is connected here. */
  command(jobId: string, command: WorkerCommand): void;
  size(): number;
}

export function createSessionRegistry(): SessionRegistry {
  const jobs = new Map<string, Map<number, OpenSession>>();

  function leave(session: WorkerSession): void {
    const { jobId, rank } = session.identity;
    const ranks = jobs.get(jobId);
    if (ranks?.get(rank)?.session !== session) return;
    ranks.delete(rank);
    if (ranks.size === 0) jobs.delete(jobId);
  }

  return {
    enter(session) {
      const { jobId, rank } = session.identity;
      const ranks = jobs.get(jobId) ?? new Map<number, OpenSession>();
      ranks.get(rank)?.session.refuse(new UnavailableError('This rank has opened another session.'));
      jobs.set(jobId, ranks.set(rank, { session, isReady: false }));
      return () => leave(session);
    },
    markReady({ jobId, rank }) {
      const ranks = jobs.get(jobId);
      const own = ranks?.get(rank);
      if (own) own.isReady = true;
      return [...(ranks?.values() ?? [])].filter(({ isReady }) => isReady).length;
    },
    command(jobId, command) {
      for (const { session } of jobs.get(jobId)?.values() ?? []) session.command(command);
    },
    size: () => [...jobs.values()].reduce((total, ranks) => total + ranks.size, 0),
  };
}
