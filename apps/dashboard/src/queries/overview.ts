import { useQuery } from '@tanstack/react-query';
import { client } from '../client.ts';
import { keys } from './keys.ts';

/** The stream of changes says when to look; this is for what it missed. */
const REFRESH_MS = 30_000;

export function useOverview() {
  return useQuery({ queryKey: keys.overview, queryFn: ({ signal }) => client.overview.retrieve({ signal }), refetchInterval: REFRESH_MS });
}
