import { ConflictError, NotFoundError, PermissionDeniedError } from '@capstan/core';
import type { Request, Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { endpoint } from '../http/endpoint.ts';
import { resource } from '../http/resource.ts';
import { refuseUnstorable } from '../http/unstorable-text.ts';
import { pullAdvice } from '../pull-advice.ts';
import { modelToRest } from '../rest/model-to-rest.ts';
import { toList } from '../rest/to-list.ts';

/** Names of models hold `:` and may hold `/`, so the rest of the path is the name, whether its slashes are encoded or not. */
const ANY_MODEL = '/v1/models/*modelId';

export function modelRoutes(router: Router, context: ApiContext): void {
  const { authenticate, db, lookups } = context;
  resource(router, '/v1/models', {
    get: endpoint(authenticate, 'viewer', async ({ response, caller }) => {
      const models = await db.models.list({ projectId: caller.projectId });
      response.json(toList(models.map(modelToRest), false));
    }),
  });
  resource(router, ANY_MODEL, {
    get: endpoint(authenticate, 'viewer', async ({ request, response, caller }) => {
      response.json(modelToRest(await findModel(context, caller.projectId, modelId(request))));
    }),
    delete: endpoint(authenticate, 'submitter', async ({ request, response, caller }) => {
      const model = await findModel(context, caller.projectId, modelId(request));
      if (model.kind === 'base') {
        throw new PermissionDeniedError(`'${model.id}' is a base model that all projects share: it cannot be deleted.`, { param: 'model' });
      }
      if (!(await db.models.delete(model.id, caller.projectId)))
        throw new ConflictError(`'${model.id}' was deleted by someone else just now.`);
      lookups.forgetModel(caller.projectId, model.id);
      response.json({ id: model.id, object: 'model', deleted: true });
    }),
  });
}

export async function findModel({ lookups }: Pick<ApiContext, 'lookups'>, projectId: string, id: string) {
  const model = await lookups.model(projectId, id);
  if (model) return model;
  throw new NotFoundError(`The model '${id}' does not exist. GET /v1/models lists those that do.${pullAdvice(id)}`, {
    param: 'model',
    reason: 'model_not_found',
  });
}

function modelId(request: Request): string {
  const value: unknown = request.params.modelId;
  const id = Array.isArray(value) ? value.join('/') : String(value);
  refuseUnstorable(id, 'model');
  return id;
}
