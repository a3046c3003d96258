import type { ModelComparison } from '@capstan/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '../client.ts';
import { keys } from './keys.ts';

export function useModels() {
  return useQuery({ queryKey: keys.models, queryFn: ({ signal }) => client.models.list({ signal }), staleTime: 30_000 });
}

export function useDeleteModel() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => client.models.delete(id),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.models }),
  });
}

export interface Question {
  models: string[];
  prompt: string;
  maxTokens: number;
  temperature: number;
}

/** The same question to each model. */
export function useCompareModels() {
  return useMutation({
    mutationFn: ({ models, prompt, maxTokens, temperature }: Question): Promise<ModelComparison> =>
      client.models.compare({ models, messages: [{ role: 'user', content: prompt }], max_tokens: maxTokens, temperature }),
  });
}
