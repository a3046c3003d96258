import { hash } from 'node:crypto';
import { API_KEY_ROLES, type ApiKeyRole, type Clock, PermissionDeniedError, UnauthenticatedError } from '@capstan/core';
import type { Database } from '@capstan/db';
import type { Request } from 'express';
import { createExpiringCache } from '../expiring-cache.ts';

/** Who asks: what a key stands for. */
export interface Caller {
  keyId: string;
  projectId: string;
  role: ApiKeyRole;
}

export type Authenticate = (request: Request, role: ApiKeyRole) => Promise<Caller>;

/** A revoked key works for at most twice as long on a replica that has seen it. */
const KEY_TTL_MS = 5_000;
const MOST_KEYS = 10_000;
const HINT = 'Send your API key as `Authorization: Bearer sk-…`.';

/** Finds the caller by the bearer key, of which memory holds the hash only. Refuses unknown keys and roles below `role`. */
export function createAuthenticate({ apiKeys }: Pick<Database, 'apiKeys'>, clock: Clock): Authenticate {
  const callers = createExpiringCache<Caller>({ clock, ttlMs: KEY_TTL_MS, maxItems: MOST_KEYS });
  return async (request, role) => {
    const key = bearerKey(request.headers.authorization);
    const caller = await callers.get(hash('sha256', key, 'base64'), async () => {
      const record = await apiKeys.findByKey(key);
      return record && { keyId: record.id, projectId: record.projectId, role: record.role };
    });
    if (!caller) throw new UnauthenticatedError(`The API key is not known or was revoked. ${HINT}`, { reason: 'invalid_api_key' });
    if (API_KEY_ROLES.indexOf(caller.role) < API_KEY_ROLES.indexOf(role)) {
      throw new PermissionDeniedError(`This needs a key with the role ${role}; yours is a ${caller.role}'s.`, {
        reason: 'insufficient_role',
      });
    }
    return caller;
  };
}

function bearerKey(header: string | undefined): string {
  const key = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(header ?? '')?.[1];
  if (key === undefined) throw new UnauthenticatedError(`No API key was given. ${HINT}`, { reason: 'missing_api_key' });
  return key;
}
