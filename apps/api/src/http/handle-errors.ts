import { AppError, InvalidRequestError, NotFoundError } from '@capstan/core';
import type { Logger } from '@capstan/runtime';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { sendError, statusOf } from './error-response.ts';

/** The last handler: whatever was thrown becomes an answer, or the end of the connection where an answer has begun. */
export function handleErrors(logger: Logger): ErrorRequestHandler {
  return (thrown, request, response, _next) => {
    const error = toAppError(thrown);
    const facts = { requestId: response.getHeader('x-request-id'), method: request.method, path: request.path };
    if (request.destroyed && !request.complete) logger.debug(facts, 'the client left before its request was whole');
    else if (statusOf(error) >= 500 && error.code !== 'unsupported') logger.error({ ...facts, err: thrown }, 'a request failed');
    if (response.headersSent) response.destroy();
    else sendError(response, error);
  };
}

export const unknownRoute: RequestHandler = (request) => {
  throw new NotFoundError(`There is nothing at ${request.method} ${request.path}. The API is described at /openapi.json.`, {
    reason: 'unknown_url',
  });
};

function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  // Express throws on a path that is not percent-encoded UTF-8.
  if (thrown instanceof URIError) return new InvalidRequestError('The path is not valid percent-encoded UTF-8.', { param: 'path' });
  const refusal = refusalOfFile(thrown);
  if (refusal) return refusal;
  return new AppError('internal', 'The server failed to answer; the request can be repeated. Its x-request-id is in the log.', {
    cause: thrown,
  });
}

const FILE_REFUSALS: Record<number, InvalidRequestError> = {
  412: new InvalidRequestError('The file has changed, or never was what a header of the request expects.', {
    reason: 'precondition_failed',
  }),
  416: new InvalidRequestError('The file does not have the range that is asked for.', { param: 'range', reason: 'range_not_satisfiable' }),
};

/** What Express's file server throws for conditions and ranges that a file does not meet. */
function refusalOfFile(thrown: unknown): AppError | undefined {
  const status = thrown instanceof Error && 'statusCode' in thrown ? Number(thrown.statusCode) : 0;
  if (status < 400 || status >= 500) return undefined;
  return FILE_REFUSALS[status] ?? new InvalidRequestError('This file cannot be asked for like that.', { param: 'path' });
}
