import { z } from 'zod';
import { jobObjectSchema } from './job-object.ts';
import { eventObjectSchema, logObjectSchema, metricObjectSchema } from './job-records.ts';

/**
 * What `GET /v1/fine_tuning/jobs/{id}/stream` sends. The id of a message is `<event>.<metric>.<log>`, the last sequence of each kind that
 * was sent, so a client that reconnects with `Last-Event-ID` misses nothing and sees nothing twice. `done` is the last message.
 */
export const jobStreamMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('job'), data: jobObjectSchema }),
  z.object({ type: z.literal('event'), data: eventObjectSchema }),
  z.object({ type: z.literal('metrics'), data: z.looseObject({ data: z.array(metricObjectSchema) }) }),
  z.object({ type: z.literal('log'), data: logObjectSchema }),
  z.object({ type: z.literal('done'), data: jobObjectSchema }),
]);
export type JobStreamMessage = z.infer<typeof jobStreamMessageSchema>;

/** Where a stream without `Last-Event-ID` begins: at the start of the job, or behind all that it has recorded so far. */
export const jobStreamQuerySchema = z.strictObject({
  from: z.enum(['start', 'end'], { error: 'Give start or end.' }).optional(),
});

export interface StreamPosition {
  event: number;
  metric: number;
  log: number;
}

export function formatStreamPosition({ event, metric, log }: StreamPosition): string {
  return `${event}.${metric}.${log}`;
}

/** The position in a `Last-Event-ID`; null where the text is not one. */
export function parseStreamPosition(text: string): StreamPosition | null {
  const match = /^(\d{1,15})\.(\d{1,15})\.(\d{1,15})$/.exec(text);
  return match ? { event: Number(match[1]), metric: Number(match[2]), log: Number(match[3]) } : null;
}
