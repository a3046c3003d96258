import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { clientSignal } from '../http/client-signal.ts';
import { endpoint } from '../http/endpoint.ts';
import { resource } from '../http/resource.ts';
import { openEventStream } from '../stream/event-stream.ts';
import { streamChanges } from '../stream/stream-changes.ts';

/** Server-sent hints for pages that show many jobs: what is worth reading again. */
export function changeStreamRoutes(router: Router, context: ApiContext): void {
  const get = endpoint(context.authenticate, 'viewer', async ({ response }) => {
    const signal = clientSignal(response, context.shutdown);
    const stream = openEventStream(response);
    try {
      await streamChanges(context, stream, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
      // Ended by us, the client comes back to another replica.
      stream.end();
    }
  });
  resource(router, '/v1/stream', { get });
}
