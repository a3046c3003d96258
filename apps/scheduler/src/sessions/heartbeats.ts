import type { Clock, RankIdentity } from '@capstan/core';
import type { Database } from '@capstan/db';

/** Signs of life, collected in memory and written together: 10,000 ranks cost one statement a second. */
export interface Heartbeats {
  note(identity: RankIdentity): void;
  /** Writes what was noted since the last time. What cannot be written is kept for the next time, unless newer has come. */
  flush(): Promise<void>;
}

interface Heartbeat {
  jobId: string;
  attempt: number;
  rank: number;
  at: Date;
}

export function createHeartbeats({ ledger }: Pick<Database, 'ledger'>, clock: Clock): Heartbeats {
  let noted = new Map<string, Heartbeat>();
  return {
    note({ jobId, attempt, rank }) {
      noted.set(`${jobId}.${attempt}.${rank}`, { jobId, attempt, rank, at: clock.now() });
    },
    async flush() {
      if (noted.size === 0) return;
      const writing = noted;
      noted = new Map();
      try {
        await ledger.heartbeat([...writing.values()]);
      } catch (error) {
        noted = new Map([...writing, ...noted]);
        throw error;
      }
    },
  };
}
