import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { useFollowChanges } from './queries/follow-changes.ts';
import { queryClient } from './queries/query-client.ts';
import { useSession } from './queries/session.ts';
import { ErrorBoundary } from './shell/error-boundary.tsx';
import { ErrorNote } from './shell/error-note.tsx';
import { LoginPage } from './shell/login-page.tsx';
import { NotFoundPage } from './shell/not-found-page.tsx';
import { PageLoader } from './shell/page-loader.tsx';
import { Shell } from './shell/shell.tsx';
import { readableColors, theme } from './theme.ts';

const OverviewPage = lazy(async () => ({ default: (await import('./overview/overview-page.tsx')).OverviewPage }));
const JobsPage = lazy(async () => ({ default: (await import('./jobs/jobs-page.tsx')).JobsPage }));
const JobPage = lazy(async () => ({ default: (await import('./job/job-page.tsx')).JobPage }));
const NewJobPage = lazy(async () => ({ default: (await import('./new-job/new-job-page.tsx')).NewJobPage }));
const QueuesPage = lazy(async () => ({ default: (await import('./queues/queues-page.tsx')).QueuesPage }));
const PoolsPage = lazy(async () => ({ default: (await import('./pools/pools-page.tsx')).PoolsPage }));
const PoolPage = lazy(async () => ({ default: (await import('./pools/pool-page.tsx')).PoolPage }));
const ModelsPage = lazy(async () => ({ default: (await import('./models/models-page.tsx')).ModelsPage }));
const SettingsPage = lazy(async () => ({ default: (await import('./settings/settings-page.tsx')).SettingsPage }));

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={readableColors} defaultColorScheme="auto">
      <Notifications position="bottom-right" />
      <QueryClientProvider client={queryClient}>
        <Gate />
      </QueryClientProvider>
    </MantineProvider>
  );
}

/** The pages for those who are logged in, the login for those who are not. */
function Gate() {
  const session = useSession();
  if (session.isPending) return <PageLoader />;
  if (session.isError) return <ErrorNote error={session.error} />;
  return session.data === null ? <LoginPage /> : <Pages />;
}

function Pages() {
  useFollowChanges();
  const [location] = useLocation();
  return (
    <Shell>
      <ErrorBoundary key={location}>
        <Suspense fallback={<PageLoader />}>
          <Switch>
            <Route path="/" component={OverviewPage} />
            <Route path="/jobs" component={JobsPage} />
            <Route path="/jobs/new" component={NewJobPage} />
            <Route path="/jobs/:id">{({ id }) => <JobPage key={id} id={id} />}</Route>
            <Route path="/queues" component={QueuesPage} />
            <Route path="/pools" component={PoolsPage} />
            <Route path="/pools/:id">{({ id }) => <PoolPage key={id} id={id} />}</Route>
            <Route path="/models" component={ModelsPage} />
            <Route path="/settings" component={SettingsPage} />
            <Route component={NotFoundPage} />
          </Switch>
        </Suspense>
      </ErrorBoundary>
    </Shell>
  );
}
