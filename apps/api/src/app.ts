import { randomUUID } from 'node:crypto';
import express, { type Express, Router } from 'express';
import type { ApiContext, ApiDependencies } from './api-context.ts';
import { createReportTokenizer } from './files/report-tokenizer.ts';
import { createAuthenticate } from './http/authenticate.ts';
import { countRequests } from './http/count-requests.ts';
import { handleErrors, unknownRoute } from './http/handle-errors.ts';
import { createLookups } from './lookups.ts';
import { apiKeyRoutes } from './routes/api-keys.ts';
import { auditRoutes } from './routes/audit.ts';
import { changeStreamRoutes } from './routes/change-stream.ts';
import { chatCompletionRoutes } from './routes/chat-completions.ts';
import { compareModelRoutes } from './routes/compare-models.ts';
import { completionRoutes } from './routes/completions.ts';
import { dashboardRoutes } from './routes/dashboard.ts';
import { documentationRoutes } from './routes/documentation.ts';
import { fileRoutes } from './routes/files.ts';
import { healthRoutes } from './routes/health.ts';
import { jobActionRoutes } from './routes/job-actions.ts';
import { jobHistoryRoutes } from './routes/job-history.ts';
import { jobRecordRoutes } from './routes/job-records.ts';
import { jobStreamRoutes } from './routes/job-stream.ts';
import { jobRoutes } from './routes/jobs.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { modelRoutes } from './routes/models.ts';
import { overviewRoutes } from './routes/overview.ts';
import { poolEventRoutes } from './routes/pool-events.ts';
import { poolForecastRoutes } from './routes/pool-forecast.ts';
import { poolUsageRoutes } from './routes/pool-usage.ts';
import { poolRoutes } from './routes/pools.ts';
import { projectRoutes } from './routes/projects.ts';
import { queueBoardRoutes } from './routes/queue-board.ts';
import { sessionRoutes } from './routes/session.ts';
import { unsupportedRoutes } from './routes/unsupported.ts';
import { createChangeFeed } from './stream/change-feed.ts';
import { createMeasureLeakage } from './submission/measure-leakage.ts';

/** The whole REST API as a request handler; it begins to listen for changes at once, and to nothing else. */
export function createApp(dependencies: ApiDependencies): Express {
  const { db, clock, logger, shutdown } = dependencies;
  const context: ApiContext = {
    ...dependencies,
    authenticate: createAuthenticate(db, clock),
    lookups: createLookups(db, clock),
    changes: createChangeFeed({ db, logger, signal: shutdown }),
    reportTokenizer: createReportTokenizer(dependencies),
    measureLeakage: createMeasureLeakage(dependencies),
  };
  const app = express();
  app.disable('x-powered-by');
  // Hashing every answer for an ETag costs more than it saves on data that changes.
  app.disable('etag');
  app.use(countRequests(dependencies.metrics));
  app.use((_request, response, next) => {
    response.setHeader('x-request-id', `req_${randomUUID()}`);
    next();
  });
  app.use(routes(context));
  app.use(unknownRoute);
  app.use(handleErrors(logger));
  return app;
}

/** One flat router, the busiest routes first: Express tries them in order, and every nested router costs each request some. */
function routes(context: ApiContext): Router {
  const router = Router();
  const groups = [
    ...[jobRoutes, jobRecordRoutes, jobHistoryRoutes, jobStreamRoutes, jobActionRoutes, changeStreamRoutes],
    ...[chatCompletionRoutes, completionRoutes, compareModelRoutes, modelRoutes],
    ...[fileRoutes, poolRoutes, poolForecastRoutes, poolEventRoutes, poolUsageRoutes, overviewRoutes, auditRoutes],
    ...[projectRoutes, apiKeyRoutes, sessionRoutes],
    ...[unsupportedRoutes, healthRoutes, metricsRoutes, documentationRoutes, queueBoardRoutes],
  ];
  for (const register of groups) register(router, context);
  if (context.settings.dashboardDir !== null) dashboardRoutes(router, context.settings.dashboardDir);
  return router;
}
