import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client } from '../client.ts';
import { keys } from './keys.ts';

const FILES = 50;

export function useDatasets() {
  return useQuery({ queryKey: keys.files, queryFn: ({ signal }) => client.files.list({ purpose: 'fine-tune', limit: FILES }, { signal }) });
}

/** An upload that is refused fails with the problem of every bad line. */
export function useUpload() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (file: File) => client.files.create({ file, filename: file.name, purpose: 'fine-tune' }),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.files }),
    // Shown beside the field, line by line.
    meta: { isShown: true },
  });
}

export function useFileReport(id: string | null) {
  return useQuery({
    queryKey: keys.fileReport(id ?? ''),
    queryFn: ({ signal }) => client.files.report(id ?? '', { signal }),
    enabled: id !== null,
  });
}
