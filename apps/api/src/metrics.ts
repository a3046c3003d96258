import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds: from an answer out of memory to the upload of a large file. */
const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];

export type ApiMetrics = ReturnType<typeof createApiMetrics>;

/** What an API process counts while it lives; `docs/metrics.md` says what each number means. */
export function createApiMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    requests: new Counter({
      name: 'capstan_http_requests_total',
      help: 'Requests that ended, by method, route and status.',
      labelNames: ['method', 'route', 'status'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'capstan_http_request_seconds',
      help: 'From the arrival of a request to the last byte of its answer; event streams are left out.',
      labelNames: ['method', 'route'],
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    requestsOpen: new Gauge({ name: 'capstan_http_requests_open', help: 'Requests being answered, event streams among them.', registers }),
    jobsCreated: new Counter({ name: 'capstan_jobs_created_total', help: 'Jobs created here, by pool.', labelNames: ['pool'], registers }),
  };
}
