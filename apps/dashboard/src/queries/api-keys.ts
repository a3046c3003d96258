import type { ApiKeyObject, CreateApiKeyRequest } from '@capstan/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '../client.ts';
import { keys } from './keys.ts';

export function useApiKeys() {
  return useQuery({ queryKey: keys.apiKeys, queryFn: ({ signal }) => client.apiKeys.list({ signal }) });
}

/** The answer is the only one that ever holds the key. */
export function useCreateApiKey() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (request: CreateApiKeyRequest): Promise<ApiKeyObject> => client.apiKeys.create(request),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.apiKeys }),
  });
}

export function useRevokeApiKey() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => client.apiKeys.delete(id),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.apiKeys }),
  });
}

export function useAuditEvents() {
  return useQuery({ queryKey: keys.audit, queryFn: ({ signal }) => client.audit.list({ limit: 50 }, { signal }) });
}
