import type { JobStatus } from '@capstan/core';
import type { Colors } from '../output/output.ts';

const PAINT: Record<JobStatus, 'green' | 'red' | 'yellow' | 'cyan' | 'dim'> = {
  queued: 'dim',
  starting: 'cyan',
  running: 'cyan',
  pausing: 'yellow',
  paused: 'yellow',
  cancelling: 'yellow',
  succeeded: 'green',
  failed: 'red',
  cancelled: 'yellow',
};

export function paintState(state: JobStatus, colors: Colors): string {
  return colors[PAINT[state]](state);
}
