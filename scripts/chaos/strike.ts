import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Platform } from '../../apps/cli/src/platform/index.ts';
import type { Round, Victim } from './draw.ts';
import type { FrozenRanks, Wake } from './frozen-ranks.ts';
import { type LivingRank, livingRanks } from './living-ranks.ts';

export interface Battlefield {
  platform: Platform;
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
  if (victim === 'worker' || victim === 'supervisor') return killRank(field, victim, pick);
  if (victim === 'frozen until given up') return freezeRank(field, 'given up', pick);
  if (victim === 'frozen until replaced') return freezeRank(field, 'replaced', pick);
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

async function killRank({ platform, frozen }: Battlefield, part: 'worker' | 'supervisor', pick: number): Promise<string> {
  const rank = await untilRank(platform, pick, (candidate) => !frozen.has(candidate));
  killIfThere(rank[part]);
  return `killed the ${part} of ${rank.name} (${rank[part]})`;
}

async function freezeRank({ platform, frozen, isSteady }: Battlefield, until: Wake, pick: number): Promise<string> {
  const rank = await untilRank(platform, pick, (candidate) => !frozen.has(candidate) && isSteady(candidate.jobId));
  frozen.freeze(rank, until);
  return `froze ${rank.name} (${rank.worker}) until it is ${until}`;
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
