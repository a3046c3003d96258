import { listFilesQuerySchema, NotFoundError } from '@capstan/core';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { storeUpload } from '../files/store-upload.ts';
import { clientSignal } from '../http/client-signal.ts';
import { type Exchange, endpoint, pathPart } from '../http/endpoint.ts';
import { readQuery } from '../http/read-query.ts';
import { resource } from '../http/resource.ts';
import { sendArtifact } from '../http/send-artifact.ts';
import { fileToRest, reportToRest } from '../rest/file-to-rest.ts';
import { toList } from '../rest/to-list.ts';
import { unknownCursor } from './find-job.ts';

export function fileRoutes(router: Router, context: ApiContext): void {
  const { authenticate, db, lookups, shutdown } = context;

  async function create({ request, response, caller }: Exchange) {
    const signal = clientSignal(response, shutdown);
    response.json(fileToRest(await storeUpload(context, request, { projectId: caller.projectId, signal })));
  }

  async function list({ request, response, caller }: Exchange) {
    const query = readQuery(request, listFilesQuerySchema);
    const { files, hasMore } = await db.files.list({ projectId: caller.projectId, ...query });
    if (query.after !== undefined && files.length === 0 && !(await db.files.getForJob(caller.projectId, query.after)))
      throw unknownCursor();
    const page = toList(files.map(fileToRest), hasMore);
    // OpenAI's schema of this list wants texts, even where there is no item.
    response.json({ ...page, first_id: page.first_id ?? '', last_id: page.last_id ?? '' });
  }

  async function retrieve({ request, response, caller }: Exchange) {
    response.json(fileToRest(await findFile(context, caller.projectId, pathPart(request, 'fileId'))));
  }

  async function remove({ request, response, caller }: Exchange) {
    const id = pathPart(request, 'fileId');
    if (!(await db.files.delete(caller.projectId, id))) throw absent(id);
    lookups.forgetFile(caller.projectId, id);
    response.json({ id, object: 'file', deleted: true });
  }

  async function content({ request, response, caller }: Exchange) {
    await sendArtifact(context, response, await findFile(context, caller.projectId, pathPart(request, 'fileId')));
  }

  async function report({ request, response, caller }: Exchange) {
    const file = await findFile(context, caller.projectId, pathPart(request, 'fileId'));
    if (file.report) return void response.json(reportToRest(file.id, file.report));
    throw new NotFoundError(`File '${file.id}' has no report: only files with purpose fine-tune are inspected.`, {
      param: 'file_id',
      reason: 'report_not_found',
    });
  }

  resource(router, '/v1/files', { post: endpoint(authenticate, 'submitter', create), get: endpoint(authenticate, 'viewer', list) });
  resource(router, '/v1/files/:fileId', {
    get: endpoint(authenticate, 'viewer', retrieve),
    delete: endpoint(authenticate, 'submitter', remove),
  });
  resource(router, '/v1/files/:fileId/content', { get: endpoint(authenticate, 'viewer', content) });
  resource(router, '/v1/files/:fileId/report', { get: endpoint(authenticate, 'viewer', report) });
}

async function findFile({ db }: ApiContext, projectId: string, id: string) {
  const file = await db.files.get(projectId, id);
  if (file) return file;
  throw absent(id);
}

function absent(id: string): NotFoundError {
  return new NotFoundError(`There is no file '${id}' in this project.`, { param: 'file_id', reason: 'file_not_found' });
}
