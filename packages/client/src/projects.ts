import {
  type CreateProjectRequest,
  type List,
  listSchema,
  type ProjectObject,
  projectObjectSchema,
  type UpdateProjectRequest,
} from '@capstan/core';
import { type RequestOptions, segment, type Transport } from './transport.ts';

/** For admins; others may retrieve their own. */
export interface ProjectsClient {
  create(request: CreateProjectRequest, options?: RequestOptions): Promise<ProjectObject>;
  list(options?: RequestOptions): Promise<List<ProjectObject>>;
  retrieve(id: string, options?: RequestOptions): Promise<ProjectObject>;
  update(id: string, patch: UpdateProjectRequest, options?: RequestOptions): Promise<ProjectObject>;
}

const projectList = listSchema(projectObjectSchema);

export function projectsClient({ request }: Transport): ProjectsClient {
  return {
    create: (json, options) => request(projectObjectSchema, { method: 'POST', path: '/projects', json, ...options }),
    list: (options) => request(projectList, { method: 'GET', path: '/projects', ...options }),
    retrieve: (id, options) => request(projectObjectSchema, { method: 'GET', path: `/projects/${segment(id)}`, ...options }),
    update: (id, json, options) => request(projectObjectSchema, { method: 'PATCH', path: `/projects/${segment(id)}`, json, ...options }),
  };
}
