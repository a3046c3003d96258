import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
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
    writerId: `${hostname()}-${process.pid}`,
  };
  return config.CAPSTAN_KIND === 'serve' ? serve(host) : train(host);
}

main().then(
  // Backends may keep threads alive, so the end is said outright.
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(
      error instanceof Error && 'reason' in error && error.reason === 'config_invalid' ? EXIT_STATUS.configInvalid : EXIT_STATUS.unexpected,
    );
  },
);
