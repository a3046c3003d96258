import type { SchedulerContext } from '../scheduler-context.ts';
export function createOldCheckpointsSweep(_context: SchedulerContext): () => Promise<void> {
  return async () => undefined;
}
