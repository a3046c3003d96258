import { PermissionDeniedError, SESSION_HEADER, UnauthenticatedError } from '@capstan/core';
import type { Request } from 'express';

/** What a request shows: an API key, or a browser's session. */
export interface Credential {
  kind: 'key' | 'session';
  secret: string;
}

export const SESSION_COOKIE = 'capstan_session';
export const KEY_HINT = 'Send your API key as `Authorization: Bearer sk-…`.';
/** Methods that change nothing: another site may make a browser send them, and cannot read the answer. */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/** The key where there is one, else the session. A session may change something only where the request is our own page's. */
export function readCredential(request: Request): Credential {
  const { authorization, cookie } = request.headers;
  const session = authorization === undefined ? sessionOf(cookie) : null;
  if (session !== null) {
    if (!SAFE_METHODS.includes(request.method)) refuseForgery(request);
    return { kind: 'session', secret: session };
  }
  const key = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(authorization ?? '')?.[1];
  if (key === undefined) throw new UnauthenticatedError(`No API key was given. ${KEY_HINT}`, { reason: 'missing_api_key' });
  return { kind: 'key', secret: key };
}

/** Throws unless the request carries the header that only our own page can add. */
export function refuseForgery(request: Request): void {
  if (request.get(SESSION_HEADER) !== undefined) return;
  throw new PermissionDeniedError(
    `A request with a session needs the header ${SESSION_HEADER}, which only the dashboard itself can send.`,
    {
      reason: 'missing_session_header',
    },
  );
}

export function sessionOf(cookie: string | undefined): string | null {
  for (const pair of (cookie ?? '').split(';')) {
    const [name, value] = pair.trim().split('=');
    if (name === SESSION_COOKIE && value !== undefined && /^[\w-]{1,128}$/.test(value)) return value;
  }
  return null;
}
