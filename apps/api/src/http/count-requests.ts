import type { Request, RequestHandler, Response } from 'express';
import type { ApiMetrics } from '../metrics.ts';

/** As nginx does for a client that left before it had its answer. */
const CLIENT_LEFT = '499';
/** Pages and files of the dashboard, and paths that nobody knows: any number of paths, one label. */
const NO_ROUTE = 'other';

/** Counts every request when it has ended, under the pattern of its route: ids in paths would make a label for each. */
export function countRequests({ requests, requestSeconds, requestsOpen }: ApiMetrics): RequestHandler {
  return (request, response, next) => {
    const arrivedAt = performance.now();
    requestsOpen.inc();
    response.once('close', () => {
      const { method } = request;
      const route = routeOf(request);
      requestsOpen.dec();
      requests.inc({ method, route, status: response.writableFinished ? String(response.statusCode) : CLIENT_LEFT });
      if (!isStream(response)) requestSeconds.observe({ method, route }, (performance.now() - arrivedAt) / 1000);
    });
    next();
  };
}

function routeOf(request: Request): string {
  const path: unknown = request.route?.path;
  return typeof path === 'string' ? path : NO_ROUTE;
}

function isStream(response: Response): boolean {
  return String(response.getHeader('content-type')).startsWith('text/event-stream');
}
