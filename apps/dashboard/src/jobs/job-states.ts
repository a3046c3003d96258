import type { JobStatus } from '@capstan/core';

/** What people read, and the colour that goes with it: the one place for both. */
export const JOB_STATES: Record<JobStatus, { label: string; color: string }> = {
  queued: { label: 'Queued', color: 'gray.5' },
  starting: { label: 'Starting', color: 'cyan' },
  running: { label: 'Running', color: 'blue' },
  pausing: { label: 'Pausing', color: 'yellow' },
  paused: { label: 'Paused', color: 'yellow' },
  cancelling: { label: 'Cancelling', color: 'orange' },
  succeeded: { label: 'Succeeded', color: 'teal' },
  failed: { label: 'Failed', color: 'red' },
  cancelled: { label: 'Cancelled', color: 'gray.6' },
};
