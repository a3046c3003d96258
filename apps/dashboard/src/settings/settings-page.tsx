import { useProject } from '../queries/projects.ts';
import { useMayAct, useSession } from '../queries/session.ts';
import { Facts } from '../shell/facts.tsx';
import { Loaded } from '../shell/loaded.tsx';
import { Page } from '../shell/page.tsx';
import { Section } from '../shell/section.tsx';
import { ApiKeys } from './api-keys.tsx';
import { AuditTrail } from './audit-trail.tsx';
import { projectUse } from './project-use.tsx';
import { Projects } from './projects.tsx';

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
      {session && <OwnProject id={session.project.id} />}
      {isAdmin && <Projects />}
      {isAdmin && <ApiKeys />}
      {mayOperate && <AuditTrail />}
    </Page>
  );
}

function OwnProject({ id }: { id: string }) {
  return (
    <Section title="This project">
      <Loaded query={useProject(id)}>{(project) => <Facts facts={projectUse(project)} columns={3} />}</Loaded>
    </Section>
  );
}
