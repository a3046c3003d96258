import { type ChangeMessage, changeMessageSchema } from '@capstan/core';
import { followEvents } from './event-stream.ts';
import type { RequestOptions, Transport } from './transport.ts';

export interface ChangesClient {
  /** Hints of what is worth reading again, until the signal aborts; a broken connection is opened again. */
  stream(options?: RequestOptions): AsyncGenerator<ChangeMessage>;
}

export function changesClient(transport: Transport): ChangesClient {
  return { stream: (options) => followEvents(transport, { path: '/stream', schema: changeMessageSchema, ...options }) };
}
