import type { ModelComparison } from '@capstan/core';
import { Paper, SimpleGrid, Text } from '@mantine/core';
import { count } from '../format.ts';

/** What each model said, side by side. */
export function Answers({ answers }: { answers: ModelComparison['data'] }) {
  return (
    <SimpleGrid cols={{ base: 1, sm: Math.min(2, answers.length), xl: answers.length }} mt="md" aria-live="polite">
      {answers.map(({ model, output, usage, tokens_per_second: speed }) => (
        <Paper key={model} p="sm">
          <Text size="sm" fw={600} className="wrap">
            {model}
          </Text>
          <Text my="xs" className="wrap">
            {output}
          </Text>
          <Text size="xs" c="dimmed">
            {count(usage.completion_tokens)} tokens{speed === null ? '' : `, ${count(speed)} a second`}
          </Text>
        </Paper>
      ))}
    </SimpleGrid>
  );
}
