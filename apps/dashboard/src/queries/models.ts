import { useQuery } from '@tanstack/react-query';
import { client } from '../client.ts';
import { keys } from './keys.ts';

export function useModels() {
  return useQuery({ queryKey: keys.models, queryFn: ({ signal }) => client.models.list({ signal }), staleTime: 30_000 });
}
