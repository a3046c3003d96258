import type { ApiKeyRole } from '@capstan/core';
import type { Request, RequestHandler, Response } from 'express';
import type { Authenticate, Caller } from './authenticate.ts';
import { refuseUnstorable } from './unstorable-text.ts';

export interface Exchange {
  request: Request;
  response: Response;
  caller: Caller;
}

/** A handler for callers of at least `role`. Nothing of the body is read before the caller is known. */
export function endpoint(authenticate: Authenticate, role: ApiKeyRole, respond: (exchange: Exchange) => Promise<unknown>): RequestHandler {
  return async (request, response) => {
    const caller = await authenticate(request, role);
    await respond({ request, response, caller });
  };
}

/** A named part of the path, fit to be looked up. */
export function pathPart(request: Request, name: string): string {
  const value = request.params[name];
  const text = typeof value === 'string' ? value : '';
  refuseUnstorable(text, name);
  return text;
}
