import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@capstan/runtime';
import { dataDirAt, type Platform, startPlatform } from '../../apps/cli/src/platform/index.ts';

export interface Stack extends Platform {
  /** Stops everything and leaves nothing behind. */
  end(): Promise<void>;
}

/** The whole platform as `npm start` brings it up, on free ports and in a folder of its own. */
export async function startStack(): Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-e2e-'));
  // The user that Postgres runs as when we are root must be able to enter.
  chmodSync(folder, 0o755);
  const platform = await startPlatform({
    dataDir: dataDirAt(folder),
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
    clock: systemClock,
    fetch: globalThis.fetch,
    signal: new AbortController().signal,
    announce: () => undefined,
    apiPort: 0,
    grpcPort: 0,
  });
  return {
    ...platform,
    async end() {
      await platform.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
