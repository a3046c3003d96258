import type { Launcher } from '@capstan/launcher';

/** Launches nothing, and has nothing to show until the scheduler ends. */
export const RANKLESS_LAUNCHER: Launcher = {
  launch: async () => undefined,
  list: async () => [],
  stop: async () => undefined,
  remove: async () => undefined,
  async *watch({ signal }) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  },
  readLog: async () => '',
};
