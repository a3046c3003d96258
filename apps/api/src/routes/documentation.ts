import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import express, { type Router } from 'express';
import { resource } from '../http/resource.ts';
import { buildOpenApi } from '../openapi/build-openapi.ts';

const INITIALIZER = `window.ui = SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, persistAuthorization: true });`;

/** `/openapi.json`, and `/docs` to read and try it: all files come from this server. */
export function documentationRoutes(router: Router): void {
  let description: object | undefined;
  resource(router, '/openapi.json', {
    get: (_request, response) => {
      description ??= buildOpenApi();
      response.json(description);
    },
  });
  router.get('/docs/swagger-initializer.js', (_request, response) => void response.type('application/javascript').send(INITIALIZER));
  router.use('/docs', express.static(swaggerDir(), { etag: true, maxAge: '1h' }));
}

function swaggerDir(): string {
  return dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
}
