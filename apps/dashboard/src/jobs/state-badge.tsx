import type { JobStatus } from '@capstan/core';
import { Badge } from '@mantine/core';
import { JOB_STATES } from './job-states.ts';

export function StateBadge({ state }: { state: JobStatus }) {
  const { label, color } = JOB_STATES[state];
  return (
    <Badge variant="dot" color={color} tt="none" fw={600} style={{ flexShrink: 0 }}>
      {label}
    </Badge>
  );
}
