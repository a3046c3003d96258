import type { ForecastQuestion } from '@capstan/client';
import type { CreatePoolRequest, UpdatePoolRequest } from '@capstan/core';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '../client.ts';
import { keys } from './keys.ts';

const REFRESH_MS = 3_000;

export function usePools() {
  return useQuery({ queryKey: keys.pools, queryFn: ({ signal }) => client.pools.list({ signal }), refetchInterval: REFRESH_MS });
}

export function usePool(id: string) {
  return useQuery({ queryKey: keys.pool(id), queryFn: ({ signal }) => client.pools.retrieve(id, { signal }), refetchInterval: REFRESH_MS });
}

const CHANGES = 20;

/** What the autoscaler and operators changed lately. */
export function usePoolEvents(id: string) {
  return useQuery({
    queryKey: keys.poolEvents(id),
    queryFn: ({ signal }) => client.pools.events(id, { limit: CHANGES }, { signal }),
    refetchInterval: REFRESH_MS,
  });
}

const HISTORY_REFRESH_MS = 15_000;

export function usePoolUsage(id: string, hours: number) {
  return useQuery({
    queryKey: [...keys.poolUsage(id), hours],
    queryFn: ({ signal }) => client.pools.usage(id, { hours }, { signal }),
    refetchInterval: HISTORY_REFRESH_MS,
    placeholderData: keepPreviousData,
  });
}

/** When each queued job starts, as the pool is or as it might be. */
export function useForecast(pool: string, question: ForecastQuestion) {
  return useQuery({
    queryKey: [...keys.forecast(pool), question],
    queryFn: ({ signal }) => client.pools.forecast(pool, question, { signal }),
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
  });
}

function usePoolMutation<Input>(change: (input: Input) => Promise<unknown>) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () =>
      Promise.all([keys.pools, keys.jobs, keys.audit, keys.overview].map((queryKey) => queryClient.invalidateQueries({ queryKey }))),
  });
}

/** Changes only the version that was seen: where somebody was faster, it says so and nothing happens. */
export function useUpdatePool(id: string) {
  return usePoolMutation((patch: UpdatePoolRequest) => client.pools.update(id, patch));
}

export function useDrainPool() {
  return usePoolMutation((id: string) => client.pools.drain(id));
}

export function useCreatePool() {
  return usePoolMutation((request: CreatePoolRequest) => client.pools.create(request));
}
