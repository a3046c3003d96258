import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { resource } from '../http/resource.ts';

const CHECK_TIMEOUT_MS = 2_000;
const RETRY_AFTER_S = 1;

/** `/healthz`: the process answers. `/readyz`: what it needs answers too, and if not, what is wrong. */
export function healthRoutes(router: Router, context: Pick<ApiContext, 'db' | 'queue' | 'clock'>): void {
  resource(router, '/healthz', { get: (_request, response) => void response.json({ status: 'ok' }) });
  resource(router, '/readyz', {
    get: async (_request, response) => {
      const checks = { database: await check(context, () => context.db.ping()), queue: await check(context, () => context.queue.ping()) };
      const isReady = Object.values(checks).every((problem) => problem === null);
      if (!isReady) response.setHeader('retry-after', RETRY_AFTER_S);
      response.status(isReady ? 200 : 503).json({ status: isReady ? 'ready' : 'not ready', checks: words(checks) });
    },
  });
}

/** What is wrong, or null. A service that does not answer is as wrong as one that refuses. */
async function check({ clock }: Pick<ApiContext, 'clock'>, ping: () => Promise<unknown>): Promise<string | null> {
  const timer = new AbortController();
  const late = clock.sleep(CHECK_TIMEOUT_MS, { signal: timer.signal }).then(
    () => `no answer within ${CHECK_TIMEOUT_MS} ms`,
    () => null,
  );
  const asked = ping().then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : 'it failed'),
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    timer.abort();
  }
}

function words(checks: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(Object.entries(checks).map(([name, problem]) => [name, problem ?? 'ok']));
}
