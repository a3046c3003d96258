import { InvalidRequestError } from '@capstan/core';
import type { RequestHandler, Router } from 'express';

type Method = 'get' | 'post' | 'patch' | 'delete';

/** Registers a path's methods; any other method is answered with 405 and the list of those that exist. */
export function resource(router: Router, path: string | RegExp, methods: Partial<Record<Method, RequestHandler>>): void {
  const route = router.route(path);
  for (const method of ['get', 'post', 'patch', 'delete'] as const) {
    const handler = methods[method];
    if (handler) route[method](handler);
  }
  const allow = Object.keys(methods).map((method) => method.toUpperCase());
  if (methods.get) allow.push('HEAD');
  route.all((request, response) => {
    response.setHeader('allow', allow.join(', '));
    if (request.method === 'OPTIONS') return void response.status(204).end();
    throw new InvalidRequestError(`${request.method} is not possible here: use ${allow.join(' or ')}.`, {
      param: 'method',
      reason: 'method_not_allowed',
    });
  });
}
