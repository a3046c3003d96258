import { Alert } from '@mantine/core';

/** What went wrong, in the server's own words: they tell what to do. */
export function ErrorNote({ error }: { error: unknown }) {
  return (
    <Alert color="red" variant="outline" title="That did not work" role="alert" m="md">
      {error instanceof Error ? error.message : String(error)}
    </Alert>
  );
}
