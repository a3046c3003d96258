import { readdir, readFile } from 'node:fs/promises';
import { HAS_PROC, readProcessStat } from './process-identity.ts';

/** Set for every process of a rank, so that what its supervisor left behind can be told from anybody else's. */
export const RANK_DIRECTORY_VARIABLE = 'CAPSTAN_RANK_DIR';

/**
 * Kills what a dead supervisor left running. The group carries the supervisor's number, which the kernel gives to nobody else
 * while a member lives; but an unrelated group may carry it later, so members must also carry the rank's mark.
 */
export async function endProcessGroup(supervisorPid: number, directory: string): Promise<void> {
  if (!HAS_PROC) return kill(-supervisorPid);
  const entries = await readdir('/proc');
  const pids = entries.filter((entry) => /^\d+$/.test(entry)).map(Number);
  await Promise.all(
    pids.map(async (pid) => {
      const stat = await readProcessStat(pid);
      if (stat?.processGroup === supervisorPid && (await isMarked(pid, directory))) kill(pid);
    }),
  );
}

async function isMarked(pid: number, directory: string): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  return environment.split('\0').includes(`${RANK_DIRECTORY_VARIABLE}=${directory}`);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself: that was the purpose.
  }
}
