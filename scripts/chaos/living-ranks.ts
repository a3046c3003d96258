import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One training process of one attempt, as its directory and the kernel show it. */
export interface LivingRank {
  /** `<job>-a<attempt>`. */
  name: string;
  jobId: string;
  attempt: number;
  /** Leads the process group that the worker is in. */
  supervisor: number;
  worker: number;
}

/** Every rank whose worker runs now, by name. */
export function livingRanks(runsDir: string): LivingRank[] {
  const names = readdirSync(runsDir).filter((name) => !name.startsWith('.'));
  return names.sort().flatMap((name) => readRank(runsDir, name) ?? []);
}

function readRank(runsDir: string, name: string): LivingRank | null {
  const directory = join(runsDir, name, 'rank-0');
  if (existsSync(join(directory, 'exit.json'))) return null;
  try {
    const { jobId, attempt, kind } = readJson<{ jobId: string; attempt: number; kind: string }>(join(runsDir, name, 'launch.json'));
    const supervisor = readJson<{ pid: number }>(join(directory, 'rank.json')).pid;
    const worker = readJson<{ pid: number }>(join(directory, 'worker.json')).pid;
    // A number may have been given to another process since: that one must never be struck.
    const isOurs = kind === 'train' && [supervisor, worker].every((pid) => environmentOf(pid).includes(directory));
    return isOurs ? { name, jobId, attempt, supervisor, worker } : null;
  } catch {
    return null;
  }
}

function readJson<Content>(path: string): Content {
  return JSON.parse(readFileSync(path, 'utf8')) as Content;
}

/** What a process was started with; empty where there is no such process. */
export function environmentOf(pid: number | string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return '';
  }
}
