import { InvalidRequestError, jobStreamQuerySchema, parseStreamPosition, type StreamPosition } from '@capstan/core';
import type { Request, Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { clientSignal } from '../http/client-signal.ts';
import { endpoint, pathPart } from '../http/endpoint.ts';
import { readQuery } from '../http/read-query.ts';
import { resource } from '../http/resource.ts';
import { openEventStream } from '../stream/event-stream.ts';
import { streamJob } from '../stream/stream-job.ts';
import { findJob } from './find-job.ts';

const BEGINNING: StreamPosition = { event: 0, metric: 0, log: 0 };

/** Server-sent events of one job; a browser's EventSource resumes it by itself. */
export function jobStreamRoutes(router: Router, context: ApiContext): void {
  const get = endpoint(context.authenticate, 'viewer', async ({ request, response, caller }) => {
    const job = await findJob(context, caller.projectId, pathPart(request, 'jobId'));
    const from = await startOf(context, request, job.id);
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

async function startOf({ db }: Pick<ApiContext, 'db'>, request: Request, jobId: string): Promise<StreamPosition> {
  const { from } = readQuery(request, jobStreamQuerySchema);
  const text = request.get('last-event-id');
  if (text === undefined || text === '') return from === 'end' ? db.jobs.streamEnd(jobId) : BEGINNING;
  const position = parseStreamPosition(text);
  if (position) return position;
  throw new InvalidRequestError('Last-Event-ID is not the id of a message of this stream: leave it out to begin at the start.', {
    param: 'last-event-id',
    reason: 'invalid_cursor',
  });
}
