import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@capstan/runtime';
import type { Platform } from '../../apps/cli/src/platform/index.ts';
import { withDatabase } from './recorder.ts';

const TWO_HOURS_MS = 7_200_000;

/**
 * Makes everything look two hours old, the ends of the jobs and the files: what a killed writer left half done is swept only when it is old
 * enough to have lost its writer.
 */
export async function growOld({ dataDir, databaseUrl }: Platform): Promise<void> {
  await withDatabase(databaseUrl, (client) => client.query(`UPDATE jobs SET finished_at = finished_at - interval '2 hours'`));
  const then = new Date(systemClock.now().getTime() - TWO_HOURS_MS);
  for (const directory of [dataDir.artifacts, dataDir.uploads, dataDir.runs, dataDir.cache]) {
    const entries = await readdir(directory, { recursive: true }).catch(() => []);
    for (const entry of entries) await utimes(join(directory, entry), then, then).catch(() => {});
  }
}
