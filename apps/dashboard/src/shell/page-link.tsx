import { Anchor } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'wouter';

/** `isWhole` keeps the text on one line, of which a narrow screen shows the beginning. */
export function PageLink({ href, isWhole = false, children }: { href: string; isWhole?: boolean; children: ReactNode }) {
  return (
    <Anchor component={Link} href={href} underline="always" inherit className={isWhole ? 'whole beginning' : 'wrap'}>
      {children}
    </Anchor>
  );
}
