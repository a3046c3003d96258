import type { JobObject, JobStatus } from '@capstan/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '../client.ts';
import { keys } from './keys.ts';

export interface JobFilter {
  state?: JobStatus | undefined;
  pool?: string | undefined;
  model?: string | undefined;
  search?: string | undefined;
}

const PAGE_SIZE = 50;
const REFRESH_MS = 5_000;

/** Newest first, page after page. */
export function useJobs(filter: JobFilter) {
  return useInfiniteQuery({
    queryKey: [...keys.jobs, filter],
    queryFn: ({ pageParam, signal }) => client.jobs.list({ ...filter, after: pageParam, limit: PAGE_SIZE }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.has_more ? (page.last_id ?? undefined) : undefined),
    // Whoever has read on is looking at something: nothing moves under their eyes.
    refetchInterval: ({ state }) => (state.data && state.data.pages.length > 1 ? false : REFRESH_MS),
    placeholderData: (previous) => previous,
  });
}

/** A few of one state, for lists inside other pages. */
export function useLatestJobs(state: JobStatus | undefined, limit: number) {
  return useQuery({
    queryKey: [...keys.jobs, 'latest', state, limit],
    queryFn: ({ signal }) => client.jobs.list({ state, limit }, { signal }),
    refetchInterval: REFRESH_MS,
  });
}

export function useJob(id: string) {
  return useQuery({ queryKey: keys.job(id), queryFn: ({ signal }) => client.jobs.retrieve(id, { signal }), staleTime: 5_000 });
}

export type JobAction = 'cancel' | 'pause' | 'resume';

/** A wish; the answer is the job as it is once the wish is written down. */
export function useJobAction(action: JobAction) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => client.jobs[action](id),
    onSuccess: async (job: JobObject) => {
      queryClient.setQueryData(keys.job(job.id), job);
      await queryClient.invalidateQueries({ queryKey: keys.jobs });
    },
  });
}

export function useCancelJobs() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (ids: readonly string[]) => Promise.all(ids.map((id) => client.jobs.cancel(id))),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.jobs }),
  });
}
