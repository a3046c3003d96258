import { Text } from '@mantine/core';
import { Page } from './page.tsx';

export function NotFoundPage() {
  return (
    <Page title="No such page">
      <Text>There is nothing at this address. The menu leads to everything there is.</Text>
    </Page>
  );
}
