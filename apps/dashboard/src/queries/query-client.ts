import { ApiError } from '@capstan/client';
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { showError } from '../shell/show-error.ts';
import { keys } from './keys.ts';

/** Repeats are the client's; an ended session leads back to the login, wherever it shows. */
export const queryClient = new QueryClient({
  defaultOptions: { queries: { retry: false, staleTime: 1_000 } },
  queryCache: new QueryCache({ onError: endSession }),
  mutationCache: new MutationCache({
    onError: (error, _variables, _result, mutation) => {
      endSession(error);
      if (mutation.meta?.isShown !== true) showError(error);
    },
  }),
});

function endSession(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) queryClient.setQueryData(keys.session, null);
}
