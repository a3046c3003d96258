import { type Clock, isFinished } from '@capstan/core';
import type { RankObservation } from '../launcher.ts';
import { observeRank } from './observe-rank.ts';
import { launchRecordSchema, listRunNames, rankDirectory, readRecord, runDirectory } from './run-directory.ts';

export interface RunObserver {
  one(name: string): Promise<RankObservation[]>;
  all(): Promise<RankObservation[]>;
}

/** Reads what was launched under `runsDir`, by whomever. The end of a rank is final, so launches that have ended are read once. */
export function createRunObserver(runsDir: string, clock: Clock): RunObserver {
  const ended = new Map<string, RankObservation[]>();

  async function one(name: string): Promise<RankObservation[]> {
    const launched = await readRecord(runDirectory(runsDir, name), 'launch.json', launchRecordSchema);
    const known = launched && ended.get(name);
    if (known) return known;
    ended.delete(name);
    if (!launched) return [];
    const ranks = Array.from({ length: launched.worldSize }, (_, rank) => rank);
    const place = (rank: number) => ({ directory: rankDirectory(runsDir, name, rank), clock });
    const observed = await Promise.all(ranks.map((rank) => observeRank(launched, rank, place(rank))));
    const present = observed.filter((rank) => rank !== null);
    if (present.length === launched.worldSize && present.every(isFinished)) ended.set(name, present);
    return present;
  }

  return {
    one,
    async all() {
      const names = await listRunNames(runsDir);
      for (const name of ended.keys()) if (!names.includes(name)) ended.delete(name);
      return (await Promise.all(names.map(one))).flat();
    },
  };
}
