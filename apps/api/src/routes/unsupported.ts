import { AppError } from '@capstan/core';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { endpoint } from '../http/endpoint.ts';

/** Parts of OpenAI's API that this server does not have, each with what to use instead. */
const UNSUPPORTED = {
  '/v1/uploads{/*rest}': 'Uploads in parts are not supported: send the file in one request to POST /v1/files.',
  '/v1/fine_tuning/checkpoints/*rest': 'Permissions of checkpoints are not supported: projects share nothing but base models.',
  '/v1/fine_tuning/alpha/*rest': 'Graders are not supported: jobs train with method.type "supervised" or "dpo".',
  '/v1/embeddings': 'Embeddings are not supported: this server generates text, at POST /v1/chat/completions.',
  '/v1/responses{/*rest}': 'The Responses API is not supported: use POST /v1/chat/completions.',
  '/v1/batches{/*rest}': 'Batches are not supported: use POST /v1/chat/completions.',
};

export function unsupportedRoutes(router: Router, { authenticate }: Pick<ApiContext, 'authenticate'>): void {
  for (const [path, message] of Object.entries(UNSUPPORTED)) {
    router.all(
      path,
      endpoint(authenticate, 'viewer', async () => {
        throw new AppError('unsupported', message, { reason: 'not_supported' });
      }),
    );
  }
}
