import type { Launcher, RankObservation } from '@capstan/launcher';

/** What the launcher last showed of each rank. A view that is refreshed all the time, never a record: losing it costs one `list`. */
export interface ObservedRanks {
  /** Looks at everything anew; callers at the same time share one look. */
  refresh(options: { signal: AbortSignal }): Promise<void>;
  note(observation: RankObservation): void;
  forget(launch: { jobId: string; name: string }): void;
  ofJob(jobId: string): RankObservation[];
  all(): RankObservation[];
}

export function createObservedRanks(launcher: Launcher): ObservedRanks {
  let jobs = new Map<string, Map<string, RankObservation>>();
  let look: Promise<void> | null = null;

  function note(observation: RankObservation): void {
    const ranks = jobs.get(observation.jobId) ?? new Map<string, RankObservation>();
    jobs.set(observation.jobId, ranks.set(`${observation.name}/${observation.rank}`, observation));
  }

  return {
    refresh({ signal }) {
      look ??= launcher
        .list({ signal })
        .then((observations) => {
          jobs = new Map();
          observations.forEach(note);
        })
        .finally(() => {
          look = null;
        });
      return look;
    },
    note,
    forget({ jobId, name }) {
      const ranks = jobs.get(jobId);
      for (const [key, observation] of ranks ?? []) if (observation.name === name) ranks?.delete(key);
      if (ranks?.size === 0) jobs.delete(jobId);
    },
    ofJob: (jobId) => [...(jobs.get(jobId)?.values() ?? [])],
    all: () => [...jobs.values()].flatMap((ranks) => [...ranks.values()]),
  };
}
