import { once } from 'node:events';
import type { Response } from 'express';

export interface EventStream {
  /** Resolves once the reader can take more, so nobody writes ahead of a slow one. */
  send(message: { event?: string; id?: string; data: unknown }, options: { signal: AbortSignal }): Promise<void>;
  /** A comment: keeps proxies and watchdogs content. */
  heartbeat(): void;
  end(): void;
}

/** Turns the response into a `text/event-stream`. */
export function openEventStream(response: Response): EventStream {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    // nginx would otherwise hold messages back until its buffer is full.
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  return {
    async send({ event, id, data }, { signal }) {
      const text = typeof data === 'string' ? data : JSON.stringify(data);
      const head = `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}`;
      if (!response.write(`${head}data: ${text}\n\n`)) await once(response, 'drain', { signal });
    },
    heartbeat: () => void response.write(': heartbeat\n\n'),
    end: () => void response.end(),
  };
}
