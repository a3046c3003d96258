import { Text } from '@mantine/core';
import { PageLink } from '../shell/page-link.tsx';

/** Jobs of other projects have no name. */
export function QueueJob({ id, model }: { id: string | null; model: string | null }) {
  if (id === null) return <Text size="sm">another project's</Text>;
  return (
    <>
      <PageLink href={`/jobs/${id}`} isWhole>
        {id}
      </PageLink>
      <Text size="xs" c="dimmed">
        {model}
      </Text>
    </>
  );
}
