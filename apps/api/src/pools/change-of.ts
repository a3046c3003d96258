import type { Pool } from '@capstan/core';

/** The members in which two states of a pool differ, as they were and as they are. */
export function changeOf(before: Pool, after: Pool): { before: Partial<Pool>; after: Partial<Pool> } {
  const names = (Object.keys(after) as (keyof Pool)[]).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  const pick = (pool: Pool) => Object.fromEntries(names.map((name) => [name, pool[name]]));
  return { before: pick(before), after: pick(after) };
}
