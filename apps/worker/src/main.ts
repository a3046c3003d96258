import { readFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { AppError } from '@capstan/core';
import { SCHEDULER_UNTRUSTED } from '@capstan/proto';
import { createLogger, loadConfig, shutdownSignal, systemClock } from '@capstan/runtime';
import { workerConfigSchema } from './config.ts';
import { EXIT_STATUS } from './failure.ts';
import { serve } from './serve.ts';
import { train, type WorkerHost } from './train.ts';

async function main(): Promise<number> {
  const shutdown = shutdownSignal();
  const config = loadConfig(workerConfigSchema, process.env);
  const host: WorkerHost = {
    config,
    token: (await readFile(config.CAPSTAN_TOKEN_FILE, 'utf8')).trim(),
    logger: createLogger({ name: 'worker', level: config.LOG_LEVEL }),
    clock: systemClock,
    random: Math.random,
    shutdown,
    residentBytes: () => process.memoryUsage.rss(),
    scratchDirectory: config.CAPSTAN_RANK_DIR ?? tmpdir(),
    writerId: `${hostname()}-${process.pid}`,
  };
  return config.CAPSTAN_KIND === 'serve' ? serve(host) : train(host);
}

/** Started wrongly: whoever started it must know, and nothing else is worth saying. */
const STARTED_WRONGLY: ReadonlySet<string | undefined> = new Set(['config_invalid', SCHEDULER_UNTRUSTED]);

function reportCrash(error: unknown): number {
  const isConfig = error instanceof AppError && STARTED_WRONGLY.has(error.reason);
  process.stderr.write(`${isConfig ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  return isConfig ? EXIT_STATUS.configInvalid : EXIT_STATUS.unexpected;
}

// Backends may keep threads alive, so the end is said outright.
process.exit(await main().catch(reportCrash));
