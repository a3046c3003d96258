import { Page } from '../shell/page.tsx';

export function NewJobPage() {
  return <Page title="NewJob">…</Page>;
}
