import type { ChangeMessage } from '@capstan/core';
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { client } from '../client.ts';
import { hasReadOn } from './jobs.ts';
import { keys } from './keys.ts';

/** Reads lists again when the platform says that they have changed, for as long as somebody looks: a hidden page holds no connection. */
export function useFollowChanges(): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    let leaving: AbortController | null = null;
    const stop = () => {
      leaving?.abort(new DOMException('Nobody looks.', 'AbortError'));
      leaving = null;
    };
    const followWhileSeen = () => {
      if (document.visibilityState === 'hidden') return stop();
      if (leaving !== null) return;
      leaving = new AbortController();
      follow(queryClient, leaving.signal).catch(() => undefined);
    };
    followWhileSeen();
    document.addEventListener('visibilitychange', followWhileSeen);
    return () => {
      document.removeEventListener('visibilitychange', followWhileSeen);
      stop();
    };
  }, [queryClient]);
}

async function follow(queryClient: QueryClient, signal: AbortSignal): Promise<void> {
  for await (const { data } of client.changes.stream({ signal }))
    await Promise.all(
      keysOf(data).map((queryKey) => queryClient.invalidateQueries({ queryKey, predicate: ({ state }) => !hasReadOn(state.data) })),
    );
}

/** Forecasts lie under their pools; a job that changes may change all of them. */
function keysOf({ jobs, pools, all }: ChangeMessage['data']): (readonly string[])[] {
  const touched = pools.length > 0 || all ? [keys.pools] : [];
  return jobs || all ? [keys.jobs, keys.overview, ...touched] : touched;
}
