import { AppShell, Burger, Button, Group, NavLink, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { Link, useLocation } from 'wouter';
import { useLogOut, useMayAct, useSession } from '../queries/session.ts';
import { ThemeSwitch } from './theme-switch.tsx';

const PAGES = [
  { href: '/', label: 'Overview' },
  { href: '/jobs', label: 'Jobs' },
  { href: '/queues', label: 'Queues' },
  { href: '/pools', label: 'Pools' },
  { href: '/models', label: 'Models' },
  { href: '/settings', label: 'Settings' },
];

/** The frame around every page: where one can go, and who one is. */
export function Shell({ children }: { children: ReactNode }) {
  const [isOpen, { toggle, close }] = useDisclosure();
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 210, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" gap="sm" wrap="nowrap">
          <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={isOpen ? 'Close the menu' : 'Open the menu'} />
          <img src="/favicon.svg" alt="" width={24} height={24} />
          <Title order={2} size="h4" component="div">
            Capstan
          </Title>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        <Navigation onLeave={close} />
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        {children}
      </AppShell.Main>
    </AppShell>
  );
}

function Navigation({ onLeave }: { onLeave: () => void }) {
  const [location] = useLocation();
  const maySubmit = useMayAct('submitter');
  const isHere = (href: string) => (href === '/' ? location === '/' : location.startsWith(href));
  return (
    <Stack h="100%" justify="space-between">
      <div>
        {maySubmit && (
          <Button component={Link} href="/jobs/new" onClick={onLeave} fullWidth mb="xs">
            New job
          </Button>
        )}
        {PAGES.map(({ href, label }) => (
          <NavLink
            key={href}
            component={Link}
            href={href}
            label={label}
            active={isHere(href)}
            aria-current={isHere(href) ? 'page' : undefined}
            onClick={onLeave}
            variant="light"
            color="gray"
            c="var(--mantine-color-text)"
            fw={isHere(href) ? 700 : 400}
          />
        ))}
      </div>
      <Who />
    </Stack>
  );
}

function Who() {
  const { data: session } = useSession();
  const logOut = useLogOut();
  if (session == null) return null;
  return (
    <Stack gap="xs">
      <Text size="xs" className="wrap">
        {session.key.name} · {session.role}
        <br />
        project {session.project.name}
      </Text>
      <ThemeSwitch />
      <Button variant="default" size="xs" onClick={() => logOut.mutate()} loading={logOut.isPending}>
        Log out
      </Button>
    </Stack>
  );
}
