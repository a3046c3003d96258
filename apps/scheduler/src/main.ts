import { createDirectoryStore } from '@capstan/artifacts';
import { migrateWhenReachable, openDatabase } from '@capstan/db';
import { createQueue } from '@capstan/queue';
import { createLogger, loadConfig, shutdownSignal, systemClock } from '@capstan/runtime';
import { collectDefaultMetrics } from 'prom-client';
import { configSchema } from './config.ts';
import { openLaunchers } from './open-launchers.ts';
import { readTls } from './read-tls.ts';
import { startScheduler } from './scheduler.ts';
import { serveHealth } from './serve-health.ts';
import { toSettings } from './settings.ts';

const clock = systemClock;
const config = loadConfig(configSchema, process.env);
const logger = createLogger({ name: 'scheduler', level: config.LOG_LEVEL });
const shutdown = shutdownSignal();

await migrateWhenReachable(config.DATABASE_URL, {
  clock,
  signal: shutdown,
  onAway: (err, address) => logger.warn({ err, address }, 'waiting for Postgres: check DATABASE_URL if this goes on'),
}).catch((error: unknown) => {
  if (shutdown.aborted) process.exit(0);
  throw error;
});
const db = openDatabase({ url: config.DATABASE_URL, clock });
const queue = createQueue(
  config.REDIS_URL === undefined ? { postgresUrl: config.QUEUE_DATABASE_URL ?? config.DATABASE_URL } : { redisUrl: config.REDIS_URL },
);
const environment = {
  PATH: process.env.PATH ?? '',
  HOME: process.env.HOME ?? '',
  CAPSTAN_CACHE_MAX_BYTES: String(config.CACHE_MAX_BYTES),
};
const launchers = await openLaunchers(config, { environment, clock, logger });
const artifacts = createDirectoryStore(config.ARTIFACTS_DIR);
const scheduler = await startScheduler({
  ...{ db, queue, artifacts, clock, logger, random: Math.random },
  ...{ launcher: launchers.launcher, launcherKinds: launchers.kinds, clusterPools: launchers.clusterPools },
  settings: toSettings(config),
  grpcAddress: config.GRPC_ADDRESS,
  advertisedAddress: config.ADVERTISED_ADDRESS ?? null,
  tls: config.GRPC_TLS_DIR === undefined ? undefined : await readTls(config.GRPC_TLS_DIR, clock.now()),
});

const { registry } = scheduler.metrics;
collectDefaultMetrics({ register: registry });
for (const metric of launchers.metrics) registry.registerMetric(metric);
const health =
  config.HEALTH_ADDRESS === undefined ? null : await serveHealth({ address: config.HEALTH_ADDRESS, registry, db, queue, clock });
if (health !== null) logger.info({ port: health.port }, 'health and metrics are served');

const drain = new AbortController();
// From the platform on one machine, which goes down with all its ranks; a scheduler that is merely replaced gets SIGTERM.
process.once('SIGUSR2', () => drain.abort());
const refused = launchers.host?.refused;
const ending = AbortSignal.any([shutdown, drain.signal, ...(refused ? [refused] : [])]);
if (!ending.aborted) await new Promise((resolve) => ending.addEventListener('abort', resolve, { once: true }));
await scheduler.close(drain.signal.aborted ? { drainMs: config.DRAIN_GRACE_MS } : {});
await launchers.close();
await health?.close();
await queue.close();
await db.close();
if (refused?.aborted) process.exitCode = 1;
