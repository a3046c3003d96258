import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

export const HAS_PROC = existsSync('/proc/self/stat');
const run = promisify(execFile);

/** Fields of /proc/<pid>/stat after the name, which may itself hold spaces and brackets; see proc(5). */
const STATE = 0;
const PROCESS_GROUP = 2;
const START_TICKS = 19;

let bootId: Promise<string> | null = null;

/** What tells a living process from a later one of the same number: when it started, in which boot. Null for a dead one and a zombie. */
export async function identifyProcess(pid: number): Promise<string | null> {
  if (!HAS_PROC) return identifyByPs(pid);
  const stat = await readProcessStat(pid);
  if (stat === null || stat.isZombie) return null;
  bootId ??= readFile('/proc/sys/kernel/random/boot_id', 'utf8').then((id) => id.trim());
  return `${await bootId}/${stat.startTicks}`;
}

/** Whether the process that was claimed as `{pid, startedAs}` still lives. */
export async function isAlive({ pid, startedAs }: { pid: number | null; startedAs: string | null }): Promise<boolean> {
  return pid !== null && (await identifyProcess(pid)) === startedAs;
}

export interface ProcessStat {
  isZombie: boolean;
  processGroup: number;
  startTicks: string;
}

export async function readProcessStat(pid: number): Promise<ProcessStat | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  const fields = text?.split(') ').at(-1)?.split(' ');
  if (!fields) return null;
  return {
    isZombie: fields[STATE] === 'Z' || fields[STATE] === 'X',
    processGroup: Number(fields[PROCESS_GROUP]),
    startTicks: fields[START_TICKS] ?? '',
  };
}

async function identifyByPs(pid: number): Promise<string | null> {
  const output = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)]).catch(() => null);
  const [state = 'Z', ...started] = output?.stdout.trim().split(/\s+/) ?? [];
  return state.startsWith('Z') || started.length === 0 ? null : started.join(' ');
}
