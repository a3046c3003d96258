import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { endpoint } from '../http/endpoint.ts';
import { resource } from '../http/resource.ts';

/** `/metrics`, in Prometheus' format, for operators: it tells how much all projects together do. */
export function metricsRoutes(router: Router, { authenticate, metrics }: Pick<ApiContext, 'authenticate' | 'metrics'>): void {
  const { registry } = metrics;
  resource(router, '/metrics', {
    get: endpoint(authenticate, 'operator', async ({ response }) => {
      response.setHeader('content-type', registry.contentType);
      response.end(await registry.metrics());
    }),
  });
}
