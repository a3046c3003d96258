import { createProjectRequestSchema, mayAct, NotFoundError, updateProjectRequestSchema } from '@capstan/core';
import type { Project } from '@capstan/db';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { type Exchange, endpoint, pathPart } from '../http/endpoint.ts';
import { readJsonBody } from '../http/read-json-body.ts';
import { resource } from '../http/resource.ts';
import { validate } from '../http/validate.ts';
import { projectToRest, quotaFromRest, quotaToRest } from '../rest/project-to-rest.ts';
import { toList } from '../rest/to-list.ts';

/** Projects and their limits, for admins; others see their own. A project is never deleted, for its jobs are not. */
export function projectRoutes(router: Router, context: ApiContext): void {
  const { authenticate, db, lookups, settings } = context;
  const show = async (project: Project) => projectToRest(project, await lookups.projectUse(project.id));
  const bodyOf = async ({ request }: Exchange) => (await readJsonBody(request, settings.maxJsonBytes)).value;

  async function record({ caller }: Exchange, action: string, change: { subject: string; before: object; after: object }) {
    const { subject, before, after } = change;
    const author = { projectId: caller.projectId, apiKeyId: caller.keyId };
    await db.audit.append({ ...author, action, subject, before: { ...before }, after: { ...after } });
  }

  async function create(exchange: Exchange) {
    const { name, ...quota } = validate(createProjectRequestSchema, await bodyOf(exchange));
    const project = await db.projects.create(name, quotaFromRest(quota));
    await record(exchange, 'project.create', { subject: name, before: {}, after: quotaToRest(project.quota) });
    exchange.response.status(201).json(await show(project));
  }

  async function update(exchange: Exchange) {
    const before = await find(exchange);
    const { name, ...quota } = validate(updateProjectRequestSchema, await bodyOf(exchange));
    const project = await db.projects.update(before.id, { name, ...quotaFromRest(quota) });
    if (project === null) throw unknownProject(before.id);
    lookups.forgetProject(project.id);
    const stateOf = (state: Project) => ({ name: state.name, ...quotaToRest(state.quota) });
    await record(exchange, 'project.update', { subject: project.name, before: stateOf(before), after: stateOf(project) });
    exchange.response.json(await show(project));
  }

  /** Another project than the caller's is absent for all but admins. */
  async function find({ request, caller }: Exchange): Promise<Project> {
    const id = pathPart(request, 'projectId');
    const project = id === caller.projectId || mayAct(caller.role, 'admin') ? await db.projects.get(id) : null;
    if (project === null) throw unknownProject(id);
    return project;
  }

  resource(router, '/v1/projects', {
    get: endpoint(authenticate, 'admin', async ({ response }) => {
      response.json(toList(await Promise.all((await db.projects.list()).map(show)), false));
    }),
    post: endpoint(authenticate, 'admin', create),
  });
  resource(router, '/v1/projects/:projectId', {
    get: endpoint(authenticate, 'viewer', async (exchange) => void exchange.response.json(await show(await find(exchange)))),
    patch: endpoint(authenticate, 'admin', update),
  });
}

function unknownProject(id: string): NotFoundError {
  return new NotFoundError(`There is no project '${id}'.`, { param: 'project_id', reason: 'project_not_found' });
}
