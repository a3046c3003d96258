import type { JobStatus } from '@capstan/core';

/** The one channel on which writers tell listeners that something is worth reading again. */
export const CHANNEL = 'capstan';

/** A hint, never the truth: it may be lost or repeated, and the reader looks into the tables. */
export type WrittenChange =
  | { kind: 'job'; jobId: string; poolId: string; status: JobStatus }
  | { kind: 'report'; jobId: string }
  | { kind: 'pool'; poolId: string }
  | { kind: 'queued'; poolId: string };
/** `resync` says that changes may have been missed: read everything again. */
export type Change = WrittenChange | { kind: 'resync' };

const KINDS: readonly string[] = ['job', 'report', 'pool', 'queued'] satisfies WrittenChange['kind'][];

export function encodeChange(change: WrittenChange): string {
  return JSON.stringify(change);
}

/** The change that `payload` says, or null where something else than this release wrote it. */
export function parseChange(payload: string): WrittenChange | null {
  try {
    const change: { kind?: unknown } | null = JSON.parse(payload);
    return change !== null && typeof change.kind === 'string' && KINDS.includes(change.kind) ? (change as WrittenChange) : null;
  } catch {
    return null;
  }
}

/** What the listeners of a job that just took `status` hear; a job that waits also wakes its pool. */
export function changesOfJob(jobId: string, poolId: string, status: JobStatus): WrittenChange[] {
  const change: WrittenChange = { kind: 'job', jobId, poolId, status };
  return status === 'queued' ? [change, { kind: 'queued', poolId }] : [change];
}
