import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { createRecord, makePrivateDirectory, readRecord } from './run-directory.ts';

const hostSchema = z.object({ id: z.number().int().min(1) });

/** The number of whoever sees the ranks under `runsDir`: drawn once, and the same for all who share the directory. */
export async function readHostId(runsDir: string): Promise<number> {
  await makePrivateDirectory(runsDir);
  await createRecord(runsDir, '.host.json', { id: randomInt(1, 2 ** 31 - 1) });
  const record = await readRecord(runsDir, '.host.json', hostSchema);
  if (record === null) throw new Error(`${runsDir} was emptied while it was being used.`);
  return record.id;
}
