import { setTimeout as sleep } from 'node:timers/promises';

/** Far less than a service takes to come up. */
const POLL_MS = 20;

/** Ends whatever process `pidOf` names, again and again, until it is released: the platform starts it anew each time, in vain. */
export function keepDown(pidOf: () => number | null): { release(): Promise<void> } {
  let isReleased = false;
  const keeping = (async () => {
    while (!isReleased) {
      const pid = pidOf();
      if (pid !== null) end(pid);
      await sleep(POLL_MS);
    }
  })();
  return {
    release: async () => {
      isReleased = true;
      await keeping;
    },
  };
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has just ended by itself.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
