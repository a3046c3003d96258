import { join } from 'node:path';
import { AppError, type Clock, StaleEpochError } from '@capstan/core';
import { connectWorker, SCHEDULER_UNTRUSTED, type WorkerConnection } from '@capstan/proto';
import type { Logger } from '@capstan/runtime';
import { createArtifactCache } from './artifacts/artifact-cache.ts';
import { schedulerOf, type WorkerConfig } from './config.ts';
import { EXIT_STATUS, exitStatusOf, toFailure } from './failure.ts';
import { createReporter } from './training/reporter.ts';
import { runTraining } from './training/run-training.ts';
import { createSpillFile } from './training/spill-file.ts';
import { createStopControl } from './training/stop-control.ts';

export interface WorkerHost {
  config: WorkerConfig;
  token: string;
  logger: Logger;
  clock: Clock;
  random: () => number;
  /** Aborts at SIGTERM. */
  shutdown: AbortSignal;
  residentBytes: () => number;
  /** Where reports wait once memory is full of them. */
  scratchDirectory: string;
  /** Tells the workers of one machine apart. */
  writerId: string;
}

/** Runs one rank of one attempt to its end and gives the exit status. All that it has to say is acknowledged by then. */
export async function train({ config, token, clock, random, ...host }: WorkerHost): Promise<number> {
  const identity = {
    jobId: config.CAPSTAN_JOB_ID,
    attempt: config.CAPSTAN_ATTEMPT,
    epoch: config.CAPSTAN_EPOCH,
    rank: config.CAPSTAN_RANK,
  };
  const logger = host.logger.child(identity);
  const spill = createSpillFile(join(host.scratchDirectory, `reports-${host.writerId}`));
  // Not the shutdown signal: the last report is sent after it.
  const connection = connectWorker({
    ...schedulerOf(config),
    token,
    identity,
    signal: new AbortController().signal,
    clock,
    random,
    spill,
    onRetry: (error) => logger.warn({ err: error }, 'the scheduler is away, trying again'),
  });
  try {
    const control = createStopControl(connection.commands, host.shutdown);
    const reporter = createReporter({ send: (report) => connection.report(report), logger, clock });
    const cache = createArtifactCache({
      directory: config.CAPSTAN_CACHE_DIR,
      readArtifact: connection.readArtifact,
      writerId: host.writerId,
      clock,
      maxBytes: config.CAPSTAN_CACHE_MAX_BYTES,
    });
    const { residentBytes } = host;
    await runTraining({ connection, cache, reporter, control, clock, residentBytes, preferredBackend: config.CAPSTAN_BACKEND });
    await flushEnding(connection, logger);
    return EXIT_STATUS.success;
  } catch (error) {
    return await reportFailure(error, connection, logger);
  } finally {
    await connection.close();
    spill.close();
  }
}

/** A scheduler that took the last report but lost its answer calls the attempt over: that is what the report asked for. */
async function flushEnding(connection: WorkerConnection, logger: Logger): Promise<void> {
  await connection.flushed().catch((error: unknown) => {
    if (!(error instanceof StaleEpochError)) throw error;
    logger.info('the attempt has ended before its last report was acknowledged');
  });
}

async function reportFailure(error: unknown, connection: WorkerConnection, logger: Logger): Promise<number> {
  if (error instanceof AppError && error.reason === SCHEDULER_UNTRUSTED) throw error;
  if (connection.ended.aborted || error instanceof StaleEpochError) {
    logger.warn({ err: error }, 'the scheduler has given this attempt up');
    return EXIT_STATUS.stale;
  }
  const { reason, message } = toFailure(error);
  logger.error({ err: error, reason }, 'training failed');
  connection.report({ type: 'failed', reason, message });
  await flushEnding(connection, logger);
  return exitStatusOf(reason);
}
