import { Page } from '../shell/page.tsx';

export function QueuesPage() {
  return <Page title="Queues">…</Page>;
}
