import { SimpleGrid, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** `wide` for values that are too long for one column, `row` for those that take all of them. */
export type Fact = [name: string, value: ReactNode, width?: keyof typeof COLUMNS | undefined];

const COLUMNS = { wide: 'span 2', row: '1 / -1' };

/** Names and values, as many beside each other as there is room for. */
export function Facts({ facts, columns = 4 }: { facts: readonly Fact[]; columns?: number }) {
  return (
    <SimpleGrid component="dl" m={0} cols={{ base: 2, sm: Math.min(3, columns), lg: columns }} spacing="sm" verticalSpacing="sm">
      {facts.map(([name, value, width]) => (
        <div key={name} style={width && { gridColumn: COLUMNS[width] }}>
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
