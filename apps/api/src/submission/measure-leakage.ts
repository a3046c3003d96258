import type { Leakage } from '@capstan/core';
import { leakage } from '@capstan/datasets';
import type { FileRecord } from '@capstan/db';
import type { ApiContext } from '../api-context.ts';
import { readArtifact } from '../files/read-artifact.ts';

const MAX_PAIRS = 200;

/** How much of the validation set stands in the training set; null where a file has no fingerprints. Each pair of contents is compared once. */
export type MeasureLeakage = (training: FileRecord, validation: FileRecord) => Promise<Leakage | null>;

export function createMeasureLeakage({ artifacts, shutdown }: Pick<ApiContext, 'artifacts' | 'shutdown'>): MeasureLeakage {
  const known = new Map<string, Promise<Leakage>>();
  const read = async (sha256: string) => new BigUint64Array((await readArtifact(artifacts, sha256, { signal: shutdown })).buffer);

  async function compare(training: string, validation: string): Promise<Leakage> {
    const [train, valid] = await Promise.all([read(training), read(validation)]);
    return leakage(train, valid);
  }

  return async (training, validation) => {
    if (training.fingerprints === null || validation.fingerprints === null) return null;
    const pair = `${training.fingerprints}/${validation.fingerprints}`;
    const found = known.get(pair) ?? compare(training.fingerprints, validation.fingerprints);
    known.delete(pair);
    known.set(pair, found);
    const [oldest] = known.keys();
    if (known.size > MAX_PAIRS && oldest !== undefined) known.delete(oldest);
    found.catch(() => known.delete(pair));
    return found;
  };
}
