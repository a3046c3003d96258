import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CapstanClient } from '@capstan/client';
import type { Platform } from '../../apps/cli/src/platform/index.ts';
import type { Round, Victim } from './draw.ts';
import type { FrozenRanks, Wake } from './frozen-ranks.ts';
import type { Insist } from './insist.ts';
import { type LivingRank, livingRanks } from './living-ranks.ts';
import { untilTraining } from './until-training.ts';

export interface Battlefield {
  platform: Platform;
  client: CapstanClient;
  insist: Insist;
  frozen: FrozenRanks;
  /** Whether nobody wishes the job to stop: only such a one is tried again while its worker stands still. */
  isSteady(jobId: string): boolean;
}

type Service = keyof ReturnType<Platform['pids']>;

const POLL_MS = 25;
/** Generous: what was killed needs seconds, and a machine that others use needs its time. */
const PATIENCE_MS = 120_000;

/** Strikes the round's victim with kill -9, and waits until the platform has put it back; says in words what happened. */
export async function strike(field: Battlefield, { victim, pick }: Round): Promise<string> {
  if (victim === 'supervisor') return killSupervisor(field, pick);
  if (victim === 'worker') return killWorker(field, pick);
  if (victim === 'frozen until given up') return freezeWorker(field, 'given up', pick);
  if (victim === 'frozen until replaced') return freezeWorker(field, 'replaced', pick);
  if (victim !== 'emptied redis') return killService(field.platform, victim, WORDS[victim]);
  // The server that still runs writes to files that nobody will find.
  rmSync(join(field.platform.dataDir.root, 'redis', 'appendonlydir'), { recursive: true, force: true });
  return killService(field.platform, 'redis', 'Redis with all its data');
}

const WORDS = { api: 'the API', scheduler: 'the scheduler', redis: 'Redis', postgres: 'Postgres' } satisfies Partial<
  Record<Victim, string>
>;

async function killService(platform: Platform, service: Service, words: string): Promise<string> {
  const pid = await until(() => platform.pids()[service], `no ${service} runs`);
  process.kill(pid, 'SIGKILL');
  const killedAt = performance.now();
  await until(() => {
    const next = platform.pids()[service];
    return next === pid ? null : next;
  }, `the ${service} does not come back`);
  return `killed ${words} (${pid}); it was started again after ${seconds(killedAt)}`;
}

/** Whatever its worker is doing: loading, training, saving. */
async function killSupervisor({ platform, frozen }: Battlefield, pick: number): Promise<string> {
  const { name, supervisor } = await untilRank(platform, pick, (rank) => !frozen.has(rank));
  killIfThere(supervisor);
  return `killed the supervisor of ${name} (${supervisor})`;
}

async function killWorker(field: Battlefield, pick: number): Promise<string> {
  const { name, worker } = await untilTrainingRank(field, pick, () => true);
  killIfThere(worker);
  return `killed the worker of ${name} (${worker})`;
}

async function freezeWorker(field: Battlefield, until: Wake, pick: number): Promise<string> {
  const rank = await untilTrainingRank(field, pick, field.isSteady);
  field.frozen.freeze(rank, until);
  return `froze ${rank.name} (${rank.worker}) until it is ${until}`;
}

async function untilTrainingRank(field: Battlefield, pick: number, isWanted: (jobId: string) => boolean): Promise<LivingRank> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (performance.now() < giveUpAt) {
    const rank = await untilRank(field.platform, pick, (candidate) => !field.frozen.has(candidate) && isWanted(candidate.jobId));
    if (await untilTraining(rank, field)) return rank;
  }
  throw new Error(`After ${PATIENCE_MS / 1000} s, no such worker trains.`);
}

function untilRank({ dataDir }: Platform, pick: number, isWanted: (rank: LivingRank) => boolean): Promise<LivingRank> {
  return until(() => {
    const wanted = livingRanks(dataDir.runs).filter(isWanted);
    return wanted[pick % Math.max(1, wanted.length)] ?? null;
  }, 'no such worker lives');
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It was faster: a job that ends in the moment of its death.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function until<Value>(look: () => Value | null, otherwise: string): Promise<Value> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = look();
    if (value !== null) return value;
    if (performance.now() > giveUpAt) throw new Error(`After ${PATIENCE_MS / 1000} s, ${otherwise}.`);
    await sleep(POLL_MS);
  }
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}
