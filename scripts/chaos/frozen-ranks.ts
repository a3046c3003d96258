import { setTimeout as sleep } from 'node:timers/promises';
import type { CapstanClient } from '@capstan/client';
import type { Insist } from './insist.ts';
import type { LivingRank } from './living-ranks.ts';

export type Wake = 'given up' | 'replaced';

/** Workers that stand still as on a suspended machine, until the platform has given them up, or until another attempt runs in their place. */
export interface FrozenRanks {
  freeze(rank: LivingRank, until: Wake): void;
  has(rank: LivingRank): boolean;
  /** Resolves once every frozen worker has been woken. */
  allAwake(): Promise<void>;
  /** Wakes everything at once: nothing may be left that stands still. */
  wakeAll(): void;
  /** How many woke up when their attempt was over. */
  readonly outlived: number;
}

const POLL_MS = 50;
/** A job that was cancelled or paused has no next attempt: it waits for this very worker. */
const LONGEST_SLEEP_MS = 60_000;

export function createFrozenRanks(client: CapstanClient, { insist, say }: { insist: Insist; say: (line: string) => void }): FrozenRanks {
  const asleep = new Map<string, LivingRank>();
  const waking: Promise<void>[] = [];
  let outlived = 0;

  const retrieve = async (jobId: string) => (await insist((signal) => client.jobs.retrieve(jobId, { signal }))).capstan;

  async function wakeInTime(rank: LivingRank, until: Wake): Promise<void> {
    const isLate = await untilLate(rank, until);
    signalGroup(rank, 'SIGCONT');
    asleep.delete(rank.name);
    if (isLate) outlived += 1;
    say(`  ${rank.name} woke up${isLate ? `, ${until} since` : ''}`);
  }

  async function untilLate({ jobId, attempt }: LivingRank, until: Wake): Promise<boolean> {
    const wakeAt = performance.now() + LONGEST_SLEEP_MS;
    while (performance.now() < wakeAt) {
      const now = await retrieve(jobId);
      const isReplaced = now.attempt > attempt;
      if (until === 'replaced' ? isReplaced && now.state === 'running' : isReplaced || now.state === 'queued') return true;
      await sleep(POLL_MS);
    }
    return false;
  }

  return {
    freeze(rank, until) {
      signalGroup(rank, 'SIGSTOP');
      asleep.set(rank.name, rank);
      waking.push(wakeInTime(rank, until));
    },
    has: ({ name }) => asleep.has(name),
    async allAwake() {
      await Promise.all(waking);
    },
    wakeAll() {
      for (const rank of asleep.values()) signalGroup(rank, 'SIGCONT');
    },
    get outlived() {
      return outlived;
    },
  };
}

function signalGroup({ supervisor }: LivingRank, signal: NodeJS.Signals): void {
  try {
    process.kill(-supervisor, signal);
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
