import { Page } from '../shell/page.tsx';

export function ModelsPage() {
  return <Page title="Models">…</Page>;
}
