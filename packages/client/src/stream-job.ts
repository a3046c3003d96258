import { type JobStreamMessage, jobStreamMessageSchema } from '@capstan/core';
import { followEvents } from './event-stream.ts';
import type { Transport } from './transport.ts';

export interface StreamJobOptions {
  signal?: AbortSignal | undefined;
  /** The id of the last message of an earlier stream; what came before it is not sent again. */
  lastEventId?: string | undefined;
  /** `end` leaves out what the job has recorded so far; the job itself comes first all the same. */
  from?: 'start' | 'end' | undefined;
}

/** Messages of one job, each exactly once, until `done`. */
export function streamJob(
  transport: Transport,
  path: string,
  { from, ...options }: StreamJobOptions = {},
): AsyncGenerator<JobStreamMessage> {
  const isLast = ({ type }: JobStreamMessage) => type === 'done';
  return followEvents(transport, { path, query: { from }, schema: jobStreamMessageSchema, isLast, ...options });
}
