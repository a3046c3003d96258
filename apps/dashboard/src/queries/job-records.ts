import { useQuery } from '@tanstack/react-query';
import { client } from '../client.ts';
import { keys } from './keys.ts';

/** Enough for a wide screen; the server draws longer runs together. */
export const CURVE_POINTS = 1_500;
export const LOG_LINES = 500;
const EVENTS = 100;
const CHECKPOINTS = 100;

/** What a job has recorded. `useFollowJob` keeps these up to date while it runs. */
export function useCurve(id: string) {
  return useQuery({ queryKey: keys.curve(id), queryFn: ({ signal }) => client.jobs.curve(id, { points: CURVE_POINTS }, { signal }) });
}

export function useLogTail(id: string) {
  return useQuery({
    queryKey: keys.logs(id),
    queryFn: ({ signal }) => client.jobs.listLogs(id, { tail: true, limit: LOG_LINES }, { signal }),
  });
}

export function useEvents(id: string) {
  return useQuery({ queryKey: keys.events(id), queryFn: ({ signal }) => client.jobs.listEvents(id, { limit: EVENTS }, { signal }) });
}

export function useAttempts(id: string) {
  return useQuery({ queryKey: keys.attempts(id), queryFn: ({ signal }) => client.jobs.listAttempts(id, { signal }) });
}

export function useCheckpoints(id: string) {
  return useQuery({
    queryKey: keys.checkpoints(id),
    queryFn: ({ signal }) => client.jobs.listCheckpoints(id, { limit: CHECKPOINTS }, { signal }),
  });
}

export function useAdapterFiles(id: string, isTrained: boolean) {
  return useQuery({
    queryKey: keys.adapter(id),
    queryFn: ({ signal }) => client.jobs.listAdapterFiles(id, { signal }),
    enabled: isTrained,
  });
}
