import type { StatusMessage } from '@capstan/db';
import type { RankObservation } from '@capstan/launcher';

/** People see in the job what a pending rank waits for, in the launcher's words, without access to the cluster. */
export interface WaitMessages {
  note(observation: Pick<RankObservation, 'jobId' | 'attempt' | 'rank' | 'phase' | 'message'>): void;
  /** Writes what has changed since the last time; what came and went in between is never written. */
  flush(): Promise<void>;
}

interface Attempt {
  jobId: string;
  attempt: number;
  /** What each pending rank waits for, where its launcher says something. */
  ranks: Map<number, string>;
  written: string | null;
}

export function createWaitMessages(write: (messages: StatusMessage[]) => Promise<void>): WaitMessages {
  const attempts = new Map<string, Attempt>();
  const changed = new Set<Attempt>();

  return {
    note({ jobId, attempt, rank, phase, message }) {
      const key = keyOf({ jobId, attempt });
      const words = phase === 'pending' ? message : null;
      const known = attempts.get(key) ?? { jobId, attempt, ranks: new Map<number, string>(), written: null };
      if (words !== null) known.ranks.set(rank, words);
      else if (!known.ranks.delete(rank)) return;
      attempts.set(key, known);
      changed.add(known);
    },
    async flush() {
      const due = [...changed].map((attempt) => ({ attempt, message: wordsOf(attempt) })).filter(isNews);
      await write(due.map(({ attempt: { jobId, attempt }, message }) => ({ jobId, attempt, message })));
      for (const { attempt, message } of due) attempt.written = message;
      for (const attempt of changed) {
        if (wordsOf(attempt) !== attempt.written) continue;
        changed.delete(attempt);
        if (attempt.written === null) attempts.delete(keyOf(attempt));
      }
    },
  };
}

function keyOf({ jobId, attempt }: Pick<Attempt, 'jobId' | 'attempt'>): string {
  return `${jobId}.${attempt}`;
}

/** A gang waits for the first of its ranks that waits. */
function wordsOf({ ranks }: Attempt): string | null {
  return ranks.size === 0 ? null : (ranks.get(Math.min(...ranks.keys())) ?? null);
}

function isNews({ attempt, message }: { attempt: Attempt; message: string | null }): boolean {
  return attempt.written !== message;
}
