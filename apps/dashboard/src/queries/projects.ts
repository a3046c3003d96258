import type { CreateProjectRequest, UpdateProjectRequest } from '@capstan/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '../client.ts';
import { keys } from './keys.ts';

const REFRESH_MS = 30_000;

export function useProject(id: string) {
  return useQuery({
    queryKey: [...keys.projects, id],
    queryFn: ({ signal }) => client.projects.retrieve(id, { signal }),
    refetchInterval: REFRESH_MS,
  });
}

/** For admins. */
export function useProjects() {
  return useQuery({
    queryKey: keys.projects,
    queryFn: ({ signal }) => client.projects.list({ signal }),
    refetchInterval: REFRESH_MS,
  });
}

function useProjectMutation<Input>(change: (input: Input) => Promise<unknown>) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSettled: () => Promise.all([keys.projects, keys.audit].map((queryKey) => queryClient.invalidateQueries({ queryKey }))),
  });
}

export function useCreateProject() {
  return useProjectMutation((request: CreateProjectRequest) => client.projects.create(request));
}

export function useUpdateProject(id: string) {
  return useProjectMutation((patch: UpdateProjectRequest) => client.projects.update(id, patch));
}
