import { useMayAct, useSession } from '../queries/session.ts';
import { Facts } from '../shell/facts.tsx';
import { Page } from '../shell/page.tsx';
import { Section } from '../shell/section.tsx';
import { ApiKeys } from './api-keys.tsx';
import { AuditTrail } from './audit-trail.tsx';

/** Who one is, who else may come in, and what operators did. */
export function SettingsPage() {
  const { data: session } = useSession();
  const isAdmin = useMayAct('admin');
  const mayOperate = useMayAct('operator');
  return (
    <Page title="Settings">
      {session && (
        <Section title="This session">
          <Facts
            facts={[
              ['Project', session.project.name],
              ['Key', `${session.key.name} (…${session.key.hint})`],
              ['Role', session.role],
            ]}
            columns={3}
          />
        </Section>
      )}
      {isAdmin && <ApiKeys />}
      {mayOperate && <AuditTrail />}
    </Page>
  );
}
