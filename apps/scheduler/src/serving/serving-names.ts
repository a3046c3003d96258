import { createHash } from 'node:crypto';
import type { ArtifactRef } from '@capstan/core';

const NAME = /^serve-([0-9a-f]{12})-[0-9a-z]+$/;

/** The base model by content: two names for the same files share one serving worker. */
export function baseModelHash(artifacts: readonly ArtifactRef[]): string {
  const contents = artifacts.map(({ path, sha256 }) => `${path} ${sha256}`).sort();
  return createHash('sha256').update(contents.join('\n')).digest('hex').slice(0, 12);
}

/** A new name for a worker of this base. Random at its end, for another scheduler may have one of the same base. */
export function servingName(baseHash: string, random: () => number): string {
  return `serve-${baseHash}-${Math.floor(random() * 36 ** 6).toString(36)}`;
}

/** The base hash in a serving worker's name, or null where it is no such name. */
export function baseHashOf(name: string): string | null {
  return NAME.exec(name)?.[1] ?? null;
}
