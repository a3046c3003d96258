import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@capstan/runtime';
import type { Platform } from '../../apps/cli/src/platform/index.ts';

const TWO_HOURS_MS = 7_200_000;

/**
 * Makes everything that was ever written look two hours old and starts the services again: what a killed writer left half done is swept
 * only when it is old enough to have lost its writer.
 */
export async function growOld({ dataDir, restartApi, restartScheduler }: Platform): Promise<void> {
  const then = new Date(systemClock.now().getTime() - TWO_HOURS_MS);
  for (const directory of [dataDir.artifacts, dataDir.uploads, dataDir.runs, dataDir.cache]) {
    const entries = await readdir(directory, { recursive: true }).catch(() => []);
    for (const entry of entries) await utimes(join(directory, entry), then, then).catch(() => {});
  }
  await Promise.all([restartApi(), restartScheduler()]);
}
