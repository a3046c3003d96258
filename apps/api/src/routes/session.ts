import { createSessionRequestSchema, type SessionObject } from '@capstan/core';
import type { ApiKeyRecord } from '@capstan/db';
import type { Request, Response, Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { unknownKey } from '../http/authenticate.ts';
import { refuseForgery, SESSION_COOKIE, sessionOf } from '../http/credential.ts';
import { type Exchange, endpoint } from '../http/endpoint.ts';
import { readJsonBody } from '../http/read-json-body.ts';
import { resource } from '../http/resource.ts';
import { validate } from '../http/validate.ts';

/** Logging in, out, and asking who one is. The cookie is out of reach of scripts and of other sites. */
export function sessionRoutes(router: Router, context: ApiContext): void {
  const { authenticate, db, settings } = context;

  async function create(request: Request, response: Response) {
    refuseForgery(request);
    const { value } = await readJsonBody(request, settings.maxJsonBytes);
    const { api_key: apiKey } = validate(createSessionRequestSchema, value);
    const record = await db.apiKeys.findByKey(apiKey);
    if (!record) throw unknownKey();
    const { token, expiresAt } = await db.sessions.create(record.id);
    response.cookie(SESSION_COOKIE, token, { ...cookieOptions(request), expires: expiresAt });
    response.status(201).json(await toRest(context, record));
  }

  async function retrieve({ response, caller }: Exchange) {
    const record = (await db.apiKeys.list(caller.projectId)).find(({ id }) => id === caller.keyId);
    if (!record) throw unknownKey();
    response.json(await toRest(context, record));
  }

  /** Nobody needs to be known for this: a browser whose session has ended can still clear its cookie. */
  async function end(request: Request, response: Response) {
    refuseForgery(request);
    const token = sessionOf(request.headers.cookie);
    if (token !== null) await db.sessions.end(token);
    response.clearCookie(SESSION_COOKIE, cookieOptions(request));
    response.json({ id: 'session', object: 'session', deleted: true });
  }

  resource(router, '/v1/session', { post: create, get: endpoint(authenticate, 'viewer', retrieve), delete: end });
}

/** `secure` where the browser came by HTTPS, to us or to the proxy before us; a plain local start has none. */
function cookieOptions(request: Request) {
  const secure = request.secure || request.get('x-forwarded-proto')?.split(',')[0]?.trim() === 'https';
  return { httpOnly: true, sameSite: 'strict', path: '/', secure } as const;
}

async function toRest({ db }: ApiContext, key: ApiKeyRecord): Promise<SessionObject> {
  const project = await db.projects.get(key.projectId);
  return {
    object: 'session',
    role: key.role,
    project: { id: key.projectId, name: project?.name ?? key.projectId },
    key: { id: key.id, name: key.name, hint: key.hint },
  };
}
