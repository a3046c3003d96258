import { SimpleGrid, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** `wide` for values that are too long for one column. */
export type Fact = [name: string, value: ReactNode, width?: 'wide'];

/** Names and values, as many beside each other as there is room for. */
export function Facts({ facts, columns = 4 }: { facts: readonly Fact[]; columns?: number }) {
  return (
    <SimpleGrid component="dl" m={0} cols={{ base: 2, sm: Math.min(3, columns), lg: columns }} spacing="sm" verticalSpacing="sm">
      {facts.map(([name, value, width]) => (
        <div key={name} style={width === 'wide' ? { gridColumn: 'span 2' } : undefined}>
          <Text component="dt" size="xs" c="dimmed">
            {name}
          </Text>
          <Text component="dd" m={0} className="wrap">
            {value}
          </Text>
        </div>
      ))}
    </SimpleGrid>
  );
}
