import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createDirectoryStore } from '@capstan/artifacts';
import { migrateWhenReachable, openDatabase, whenReachable } from '@capstan/db';
import { createInferenceClient } from '@capstan/proto';
import { createQueue, createQueueBoard } from '@capstan/queue';
import { createLogger, loadConfig, shutdownSignal, systemClock } from '@capstan/runtime';
import { collectDefaultMetrics } from 'prom-client';
import { createApp } from './app.ts';
import { configSchema } from './config.ts';
import { sweepUploads } from './files/sweep-uploads.ts';
import { createApiMetrics } from './metrics.ts';
import { BOARD_PATH } from './routes/queue-board.ts';
import { serve } from './serve.ts';
import { prepare } from './startup/prepare.ts';
import type { SeenModels } from './startup/register-base-models.ts';
import { watchModels } from './startup/watch-models.ts';

/** An upload that is this old, in milliseconds, has lost its writer; and how often such are looked for. */
const ABANDONED_UPLOAD_MS = 3_600_000;
/** How soon a model that is put into MODELS_DIR can be used. */
const MODELS_WATCH_MS = 5_000;

const clock = systemClock;
const config = loadConfig(configSchema, process.env);
const logger = createLogger({ name: 'api', level: config.LOG_LEVEL });
const shutdown = shutdownSignal();
const builtDashboard = fileURLToPath(new URL('../../dashboard/dist', import.meta.url));

/** Told to stop while it waits for Postgres, the process ends well. */
function endIfAsked(error: unknown): never {
  if (shutdown.aborted) process.exit(0);
  throw error;
}

const databaseUrl = config.DATABASE_URL;
await migrateWhenReachable(databaseUrl, {
  clock,
  signal: shutdown,
  onAway: (err, address) => logger.warn({ err, address }, 'waiting for Postgres: check DATABASE_URL if this goes on'),
}).catch(endIfAsked);
// The Job that goes before an installation; every API does the same at its start, where no Job has.
if (process.argv.includes('--migrate-only')) process.exit(0);
const db = openDatabase({ url: databaseUrl, clock, poolSize: config.DATABASE_POOL_SIZE });
const queueConnection =
  config.REDIS_URL === undefined ? { postgresUrl: config.QUEUE_DATABASE_URL ?? databaseUrl } : { redisUrl: config.REDIS_URL };
const queue = createQueue(queueConnection);
const queueBoard = createQueueBoard(queueConnection, { basePath: BOARD_PATH });
const tls = config.SCHEDULER_CA_FILE === undefined ? {} : { tls: { authority: readFileSync(config.SCHEDULER_CA_FILE) } };
const inference = createInferenceClient({ address: config.SCHEDULER_ADDRESS, token: config.INTERNAL_TOKEN, ...tls });
const artifacts = createDirectoryStore(config.ARTIFACTS_DIR);
const settings = {
  uploadsDir: config.UPLOADS_DIR,
  maxUploadBytes: config.MAX_UPLOAD_BYTES,
  maxJsonBytes: config.MAX_JSON_BYTES,
  defaultPool: config.DEFAULT_POOL.id,
  dashboardDir: config.DASHBOARD_DIR ?? (existsSync(builtDashboard) ? builtDashboard : null),
};
const metrics = createApiMetrics();
collectDefaultMetrics({ register: metrics.registry });
const dependencies = { db, queue, queueBoard, artifacts, inference, clock, logger, metrics, shutdown, settings };
const seenModels: SeenModels = new Map();
await whenReachable(() => prepare(dependencies, config, seenModels), {
  clock,
  signal: shutdown,
  onAway: (err) => logger.warn({ err }, 'waiting for Postgres, which went away at the start'),
}).catch(endIfAsked);
const server = await serve(createApp(dependencies), { host: config.HOST, port: config.PORT, clock });
logger.info({ host: config.HOST, port: server.port }, 'the API is ready');

void (async () => {
  while (!shutdown.aborted) {
    await sweepUploads(settings.uploadsDir, new Date(clock.now().getTime() - ABANDONED_UPLOAD_MS));
    await clock.sleep(ABANDONED_UPLOAD_MS, { signal: shutdown }).catch(() => undefined);
  }
})().catch((err: unknown) => logger.warn({ err }, 'abandoned uploads were not removed'));

if (config.MODELS_DIR !== undefined)
  void watchModels(dependencies, config.MODELS_DIR, { clock, everyMs: MODELS_WATCH_MS, seen: seenModels });

if (!shutdown.aborted) await new Promise((resolve) => shutdown.addEventListener('abort', resolve, { once: true }));
logger.info('shutting down');
await server.close(config.SHUTDOWN_TIMEOUT_MS);
inference.close();
await queueBoard.close();
await queue.close();
await db.close();
