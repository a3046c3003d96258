import { ApiError } from '@capstan/client';
import { type ApiKeyRole, mayAct, type SessionObject } from '@capstan/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '../client.ts';
import { keys } from './keys.ts';

/** Who is logged in; null where nobody is. */
export function useSession() {
  return useQuery({ queryKey: keys.session, queryFn: ({ signal }) => readSession(signal), staleTime: 60_000 });
}

async function readSession(signal: AbortSignal): Promise<SessionObject | null> {
  try {
    return await client.session.retrieve({ signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

/** Whether the one who is logged in may do what needs `role`: controls that would fail are not shown. */
export function useMayAct(role: ApiKeyRole): boolean {
  const { data } = useSession();
  return data != null && mayAct(data.role, role);
}

export function useLogIn() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (apiKey: string) => client.session.create(apiKey),
    // Shown beside the field.
    meta: { isShown: true },
    onSuccess: (session) => queryClient.setQueryData(keys.session, session),
  });
}

export function useLogOut() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: () => client.session.delete(),
    onSuccess: () => {
      queryClient.clear();
      queryClient.setQueryData(keys.session, null);
    },
  });
}
