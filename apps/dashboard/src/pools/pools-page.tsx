import { Page } from '../shell/page.tsx';

export function PoolsPage() {
  return <Page title="Pools">…</Page>;
}
