import type { CreateJobRequest } from '@capstan/core';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '../client.ts';
import { keys } from './keys.ts';

/** What the job would take; null asks nothing. */
export function useEstimate(request: CreateJobRequest | null) {
  return useQuery({
    queryKey: ['estimate', request],
    queryFn: ({ signal }) => client.jobs.estimate(request as CreateJobRequest, { signal }),
    enabled: request !== null,
    placeholderData: keepPreviousData,
  });
}

/** One key for one press of the button: a repeat after a lost answer makes no second job. */
export function useCreateJob() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (request: CreateJobRequest) => client.jobs.create(request, { idempotencyKey: crypto.randomUUID() }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.jobs }),
  });
}
