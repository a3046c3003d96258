import { Anchor } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'wouter';

export function PageLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Anchor component={Link} href={href} className="wrap" underline="always">
      {children}
    </Anchor>
  );
}
