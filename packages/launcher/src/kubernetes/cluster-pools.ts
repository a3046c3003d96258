import { InvalidRequestError, type Pool, type PoolCapacity } from '@capstan/core';
import type { V1Node } from '@kubernetes/client-node';
import { type ClusterApi, toAppError } from './cluster-api.ts';
import { keepPlaces } from './keep-places.ts';
import { listNodes } from './list-nodes.ts';
import { readCapacity } from './read-capacity.ts';

/** So many workers of the pool are to find a warm place. */
export interface PlacesWanted {
  pool: Pool;
  places: number;
}

/** What a cluster does for pools as a whole. */
export interface ClusterPools {
  /**
   * Keeps just these places warm: one Deployment of placeholders per pool, that real work pushes aside. Pools that are not named, or want
   * none, have none afterwards. Costs one call where nothing is to change.
   */
  keepPlaces(wanted: readonly PlacesWanted[]): Promise<void>;
  /** What the nodes could hold of each pool, in order; null where we may not see the nodes, and for a pool whose settings do not suit Kubernetes. */
  readCapacities(pools: readonly Pool[]): Promise<(PoolCapacity | null)[] | null>;
}

export function createClusterPools(api: ClusterApi): ClusterPools {
  return {
    async keepPlaces(wanted) {
      await keepPlaces(wanted, api).catch((error: unknown) => {
        throw toAppError(error, 'Warm places could not be kept');
      });
    },
    async readCapacities(pools) {
      const nodes = await listNodes(api).catch((error: unknown) => {
        throw toAppError(error, 'The nodes could not be listed');
      });
      return nodes && pools.map((pool) => readCapacityIfAny(pool, nodes));
    },
  };
}

function readCapacityIfAny(pool: Pool, nodes: readonly V1Node[]): PoolCapacity | null {
  try {
    return readCapacity(pool, nodes);
  } catch (error) {
    if (error instanceof InvalidRequestError) return null;
    throw error;
  }
}
