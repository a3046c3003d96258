import { hash } from 'node:crypto';
import { type ApiKeyRole, type Clock, mayAct, PermissionDeniedError, UnauthenticatedError } from '@capstan/core';
import type { Database } from '@capstan/db';
import type { Request } from 'express';
import { createExpiringCache } from '../expiring-cache.ts';
import { KEY_HINT, readCredential } from './credential.ts';

/** Who asks: what a key stands for. */
export interface Caller {
  keyId: string;
  keyName: string;
  projectId: string;
  role: ApiKeyRole;
}

export type Authenticate = (request: Request, role: ApiKeyRole) => Promise<Caller>;

/** A revoked key works for at most twice as long on a replica that has seen it. */
const KEY_TTL_MS = 5_000;
const MOST_KEYS = 10_000;

/** Finds the caller by key or session, of which memory holds the hash only. Refuses unknown ones, and roles below `role`. */
export function createAuthenticate({ apiKeys, sessions }: Pick<Database, 'apiKeys' | 'sessions'>, clock: Clock): Authenticate {
  const callers = createExpiringCache<Caller>({ clock, ttlMs: KEY_TTL_MS, maxItems: MOST_KEYS });
  return async (request, role) => {
    const { kind, secret } = readCredential(request);
    const caller = await callers.get(`${kind}/${hash('sha256', secret, 'base64')}`, async () => {
      const record = await (kind === 'key' ? apiKeys.findByKey(secret) : sessions.findKey(secret));
      return record && { keyId: record.id, keyName: record.name, projectId: record.projectId, role: record.role };
    });
    if (!caller)
      throw kind === 'key' ? unknownKey() : new UnauthenticatedError('The session has ended: log in again.', { reason: 'session_ended' });
    if (!mayAct(caller.role, role)) {
      throw new PermissionDeniedError(`This needs a key with the role ${role}; yours is a ${caller.role}'s.`, {
        reason: 'insufficient_role',
      });
    }
    return caller;
  };
}

export function unknownKey(): UnauthenticatedError {
  return new UnauthenticatedError(`The API key is not known or was revoked. ${KEY_HINT}`, { reason: 'invalid_api_key' });
}
