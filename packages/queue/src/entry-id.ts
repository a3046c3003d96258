import { z } from 'zod';
import type { QueueEntry } from './job-queue.ts';

/** What an entry holds in the store, and all that it may hold: the row in Postgres knows the rest. */
export const entrySchema = z.object({ jobId: z.string().min(1), attempt: z.number().int().min(1) });

/** The same for every enqueue of the same attempt, so that the store itself drops repeats. */
export function entryId({ jobId, attempt }: QueueEntry): string {
  return `${jobId}.${attempt}`;
}

/** The inverse of `entryId`; null where the id was not made by it. */
export function parseEntryId(id: string): QueueEntry | null {
  const dot = id.lastIndexOf('.');
  const parsed = entrySchema.safeParse({ jobId: id.slice(0, Math.max(dot, 0)), attempt: Number(id.slice(dot + 1)) });
  return parsed.success ? parsed.data : null;
}
