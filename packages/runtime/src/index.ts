export type { Logger, LoggerOptions } from './create-logger.ts';
export { createLogger, redactText } from './create-logger.ts';
export { loadConfig } from './load-config.ts';
export { shutdownSignal } from './shutdown-signal.ts';
export { systemClock } from './system-clock.ts';
