import type { JobObject, JobSort, JobStatus } from '@capstan/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '../client.ts';
import { keys } from './keys.ts';

export interface JobFilter {
  state?: JobStatus | undefined;
  pool?: string | undefined;
  model?: string | undefined;
  owner?: string | undefined;
  sort?: JobSort | undefined;
  search?: string | undefined;
}

const PAGE_SIZE = 50;
/** The stream of changes says when to look; this is for what it missed. */
const REFRESH_MS = 30_000;

/** Whether several pages are open: whoever has read on is looking at something, and nothing moves under their eyes. */
export function hasReadOn(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'pages' in data && Array.isArray(data.pages) && data.pages.length > 1;
}

/** Page after page. */
export function useJobs(filter: JobFilter) {
  return useInfiniteQuery({
    queryKey: [...keys.jobs, filter],
    queryFn: ({ pageParam, signal }) => client.jobs.list({ ...filter, after: pageParam, limit: PAGE_SIZE }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.has_more ? (page.last_id ?? undefined) : undefined),
    refetchInterval: ({ state }) => (hasReadOn(state.data) ? false : REFRESH_MS),
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

export function useRetryJob() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => client.jobs.retry(id),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.jobs }),
  });
}

/** For operators: the job stands behind those of its new priority. */
export function useReprioritise() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ id, priority }: { id: string; priority: number }) => client.jobs.update(id, { priority }),
    onSettled: () => Promise.all([keys.jobs, keys.pools, keys.audit].map((queryKey) => queryClient.invalidateQueries({ queryKey }))),
  });
}

export function useCancelJobs() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (ids: readonly string[]) => Promise.all(ids.map((id) => client.jobs.cancel(id))),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.jobs }),
  });
}
