import { InvalidRequestError, parseStreamPosition, type StreamPosition } from '@capstan/core';
import type { Request, Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { clientSignal } from '../http/client-signal.ts';
import { endpoint, pathPart } from '../http/endpoint.ts';
import { resource } from '../http/resource.ts';
import { openEventStream } from '../stream/event-stream.ts';
import { streamJob } from '../stream/stream-job.ts';
import { findJob } from './jobs.ts';

const BEGINNING: StreamPosition = { event: 0, metric: 0, log: 0 };

/** Server-sent events of one job; a browser's EventSource resumes it by itself. */
export function jobStreamRoutes(router: Router, context: ApiContext): void {
  const get = endpoint(context.authenticate, 'viewer', async ({ request, response, caller }) => {
    const job = await findJob(context, caller.projectId, pathPart(request, 'jobId'));
    const from = startOf(request);
    const signal = clientSignal(response, context.shutdown);
    const stream = openEventStream(response);
    try {
      await streamJob(context, stream, { jobId: job.id, projectId: caller.projectId, from }, { signal });
      stream.end();
    } catch (error) {
      if (!signal.aborted) throw error;
      // Ended by us, the client comes back to another replica.
      stream.end();
    }
  });
  resource(router, '/v1/fine_tuning/jobs/:jobId/stream', { get });
}

function startOf(request: Request): StreamPosition {
  const text = request.get('last-event-id');
  const position = text === undefined || text === '' ? BEGINNING : parseStreamPosition(text);
  if (position) return position;
  throw new InvalidRequestError('Last-Event-ID is not the id of a message of this stream: leave it out to begin at the start.', {
    param: 'last-event-id',
    reason: 'invalid_cursor',
  });
}
