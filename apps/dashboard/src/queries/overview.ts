import { useQuery } from '@tanstack/react-query';
import { client } from '../client.ts';
import { keys } from './keys.ts';

const REFRESH_MS = 5_000;

export function useOverview() {
  return useQuery({ queryKey: keys.overview, queryFn: ({ signal }) => client.overview.retrieve({ signal }), refetchInterval: REFRESH_MS });
}
