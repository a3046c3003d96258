import { type ApiKeyObject, createApiKeyRequestSchema, NotFoundError } from '@capstan/core';
import type { ApiKeyRecord } from '@capstan/db';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { auditAction } from '../audit-action.ts';
import { type Exchange, endpoint, pathPart } from '../http/endpoint.ts';
import { readJsonBody } from '../http/read-json-body.ts';
import { resource } from '../http/resource.ts';
import { validate } from '../http/validate.ts';
import { toList } from '../rest/to-list.ts';
import { unixTime } from '../rest/unix-time.ts';

/** Keys of the admin's own project; only `create` may name another one. Both changes are written down. */
export function apiKeyRoutes(router: Router, context: ApiContext): void {
  const { authenticate, db, settings } = context;

  async function create({ request, response, caller }: Exchange) {
    const { value } = await readJsonBody(request, settings.maxJsonBytes);
    const { name, role, project } = validate(createApiKeyRequestSchema, value);
    const projectId = project === undefined ? caller.projectId : (await db.projects.ensure(project)).id;
    const { key, record } = await db.apiKeys.create({ projectId, name, role });
    await auditAction(db, caller, { name: 'api_key.create', subject: record.id, before: {}, after: { name, role, projectId } });
    response.status(201).json({ ...keyToRest(record), key });
  }

  async function list({ response, caller }: Exchange) {
    const keys = await db.apiKeys.list(caller.projectId);
    response.json(toList(keys.filter(({ revokedAt }) => revokedAt === null).map(keyToRest), false));
  }

  async function revoke({ request, response, caller }: Exchange) {
    const id = pathPart(request, 'keyId');
    const key = (await db.apiKeys.list(caller.projectId)).find((record) => record.id === id);
    if (key && (await db.apiKeys.revoke(caller.projectId, id))) {
      const before = { name: key.name, role: key.role };
      if (key.revokedAt === null) await auditAction(db, caller, { name: 'api_key.revoke', subject: id, before, after: {} });
      return void response.json({ id, object: 'api_key', deleted: true });
    }
    throw new NotFoundError(`There is no API key '${id}' in this project.`, { param: 'api_key_id', reason: 'api_key_not_found' });
  }

  resource(router, '/v1/api_keys', { post: endpoint(authenticate, 'admin', create), get: endpoint(authenticate, 'admin', list) });
  resource(router, '/v1/api_keys/:keyId', { delete: endpoint(authenticate, 'admin', revoke) });
}

function keyToRest(record: ApiKeyRecord): ApiKeyObject {
  return {
    id: record.id,
    object: 'api_key',
    name: record.name,
    role: record.role,
    project_id: record.projectId,
    hint: record.hint,
    created_at: unixTime(record.createdAt),
  };
}
