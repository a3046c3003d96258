import type { T5Config } from './config.ts';

export interface PositionRange {
  queryLength: number;
  keyLength: number;
  /** Absolute position of the first query: the number of tokens that the cache already holds. */
  queryOffset: number;
  /** The encoder looks both ways, the decoder only back. */
  bidirectional: boolean;
}

/** The bucket of every (query, key) pair, row by row. */
export function relativeBuckets(config: T5Config, { queryLength, keyLength, queryOffset, bidirectional }: PositionRange): Int32Array {
  const buckets = new Int32Array(queryLength * keyLength);
  const byDistance = new Map<number, number>();
  for (let query = 0; query < queryLength; query++) {
    for (let key = 0; key < keyLength; key++) {
      const distance = key - query - queryOffset;
      const bucket = byDistance.get(distance) ?? bucketOf(distance, config, bidirectional);
      byDistance.set(distance, bucket);
      buckets[query * keyLength + key] = bucket;
    }
  }
  return buckets;
}

/** Half of the buckets are exact distances, the rest grow logarithmically up to the maximum distance (Raffel et al., 2020, §2.1). */
function bucketOf(distance: number, config: T5Config, bidirectional: boolean): number {
  const count = bidirectional ? Math.floor(config.relativeBuckets / 2) : config.relativeBuckets;
  const base = bidirectional && distance > 0 ? count : 0;
  const away = bidirectional ? Math.abs(distance) : Math.max(-distance, 0);
  const exact = Math.floor(count / 2);
  if (away < exact) return base + away;
  // In float32, as the reference computes it: the borders of buckets must not move.
  const ratio = Math.fround(Math.log(Math.fround(away / exact))) / Math.fround(Math.log(config.relativeMaxDistance / exact));
  const large = exact + Math.floor(Math.fround(Math.fround(ratio) * (count - exact)));
  return base + Math.min(large, count - 1);
}
