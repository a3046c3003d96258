import type { PoolObject } from '@capstan/core';
import { amount } from '../format.ts';

/** What the cluster's nodes could hold of a pool, in words. */
export function roomText({ slots, nodes, closed_nodes: closed }: NonNullable<PoolObject['capacity']>): string {
  const room = `${amount(slots, 'worker')} on ${amount(nodes, 'node')}`;
  return closed === 0 ? room : `${room}; ${amount(closed, 'node')} cordoned or not ready`;
}
