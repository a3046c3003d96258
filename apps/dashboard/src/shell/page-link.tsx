import { Anchor } from '@mantine/core';
import type { ReactNode } from 'react';
import { Link } from 'wouter';

/** `isWhole` keeps the text on one line, where it can be scrolled to. */
export function PageLink({ href, isWhole = false, children }: { href: string; isWhole?: boolean; children: ReactNode }) {
  const style = isWhole ? { whiteSpace: 'nowrap' as const } : { overflowWrap: 'anywhere' as const };
  return (
    <Anchor component={Link} href={href} underline="always" inherit style={style}>
      {children}
    </Anchor>
  );
}
