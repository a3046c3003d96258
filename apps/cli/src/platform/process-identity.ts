import { readFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * A process, told apart from a later one that was given the same pid by its start time.
 * `startTicks` is null where there is no /proc; then the pid alone must do.
 */
export const processIdentitySchema = z.object({ pid: z.number().int().positive(), startTicks: z.number().nullable() });
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

/** Position of `starttime` among the fields after the command name in /proc/<pid>/stat (proc(5), field 22). */
const START_TIME_FIELD = 19;

export function identifyProcess(pid: number): ProcessIdentity {
  return { pid, startTicks: readStat(pid)?.startTicks ?? null };
}

/** Whether exactly that process still runs. A zombie has ended: nobody has read its exit status yet, that is all. */
export function isSameProcessAlive({ pid, startTicks }: ProcessIdentity): boolean {
  if (startTicks === null) return acceptsSignals(pid);
  const stat = readStat(pid);
  return stat !== null && stat.state !== 'Z' && stat.startTicks === startTicks;
}

/** Sends `name` to the process, or to its whole group; a process that is gone needs no signal. */
export function signalProcess(pid: number, name: NodeJS.Signals, { group = false } = {}): void {
  try {
    process.kill(group ? -pid : pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function readStat(pid: number): { state: string; startTicks: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name stands in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTicks: Number(fields[START_TIME_FIELD]) };
  } catch {
    return null;
  }
}

function acceptsSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
