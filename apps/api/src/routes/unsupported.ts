import { AppError } from '@capstan/core';
import { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { endpoint } from '../http/endpoint.ts';

/** Parts of OpenAI's API that this server does not have, each with what to use instead. */
const UNSUPPORTED = {
  '/uploads{/*rest}': 'Uploads in parts are not supported: send the file in one request to POST /v1/files.',
  '/fine_tuning/checkpoints/*rest': 'Permissions of checkpoints are not supported: projects share nothing but base models.',
  '/fine_tuning/alpha/*rest': 'Graders are not supported: jobs train with method.type "supervised".',
  '/embeddings': 'Embeddings are not supported: this server generates text, at POST /v1/chat/completions.',
  '/responses{/*rest}': 'The Responses API is not supported: use POST /v1/chat/completions.',
  '/batches{/*rest}': 'Batches are not supported: use POST /v1/chat/completions.',
};

export function unsupportedRoutes({ authenticate }: Pick<ApiContext, 'authenticate'>): Router {
  const router = Router();
  for (const [path, message] of Object.entries(UNSUPPORTED)) {
    router.all(
      path,
      endpoint(authenticate, 'viewer', async () => {
        throw new AppError('unsupported', message, { reason: 'not_supported' });
      }),
    );
  }
  return router;
}
