import { AppError } from '@capstan/core';
import { connectServingWorker, SCHEDULER_UNTRUSTED, type ServingRequest } from '@capstan/proto';
import { initBackend } from '@capstan/trainer';
import { createArtifactCache } from './artifacts/artifact-cache.ts';
import { schedulerOf } from './config.ts';
import { EXIT_STATUS } from './failure.ts';
import { createModelStore } from './serving/model-store.ts';
import { serveRequests } from './serving/serve-requests.ts';
import type { WorkerHost } from './train.ts';

/** Answers inference requests until SIGTERM, or until the scheduler needs this worker no more. Gives the exit status. */
export async function serve({ config, token, logger, clock, random, shutdown, writerId }: WorkerHost): Promise<number> {
  const connection = connectServingWorker({
    ...schedulerOf(config),
    token,
    signal: new AbortController().signal,
    clock,
    random,
    onRetry: (error) => logger.warn({ err: error }, 'the scheduler is away, trying again'),
  });
  try {
    const backend = await initBackend({ ...(config.CAPSTAN_BACKEND && { prefer: config.CAPSTAN_BACKEND }) });
    logger.info({ backend }, 'backend chosen');
    const { serverId, maxAdapters } = await connection.assignment();
    const cache = createArtifactCache({
      directory: config.CAPSTAN_CACHE_DIR,
      readArtifact: connection.readArtifact,
      writerId,
      clock,
      maxBytes: config.CAPSTAN_CACHE_MAX_BYTES,
    });
    const store = createModelStore({ cache, maxAdapters });
    const context = { store, clock, random, logger: logger.child({ serverId }) };
    await serveRequests(untilShutdown(connection.requests, shutdown), context);
    return EXIT_STATUS.success;
  } catch (error) {
    if (!connection.ended.aborted || (error instanceof AppError && error.reason === SCHEDULER_UNTRUSTED)) throw error;
    logger.info({ err: error }, 'the scheduler needs this worker no more');
    return error instanceof AppError && error.code === 'stale_epoch' ? EXIT_STATUS.success : EXIT_STATUS.stale;
  } finally {
    await connection.close();
  }
}

/** The requests until `shutdown`: the one being answered then is finished, the waiting ones are left for another worker. */
async function* untilShutdown(requests: AsyncIterable<ServingRequest>, shutdown: AbortSignal): AsyncGenerator<ServingRequest> {
  const iterator = requests[Symbol.asyncIterator]();
  const ended = new Promise<null>((resolve) => {
    if (shutdown.aborted) resolve(null);
    shutdown.addEventListener('abort', () => resolve(null), { once: true });
  });
  for (;;) {
    const next = await Promise.race([iterator.next(), ended]);
    if (next === null || next.done || shutdown.aborted) return;
    yield next.value;
  }
}
