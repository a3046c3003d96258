import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';

export type { Logger } from 'pino';

export interface LoggerOptions {
  /** The app's name, e.g. `scheduler`; every line carries it. */
  name: string;
  level?: string | undefined;
  /** Where lines go; standard output by default. */
  destination?: DestinationStream | undefined;
}

/** Field names that may hold a secret, at the top of a line and one and two levels down. */
const SECRET_FIELDS = ['token', 'apiKey', 'key', 'password', 'secret', 'authorization', 'cookie', 'databaseUrl', 'redisUrl', 'privateKey'];
const REDACTED_PATHS = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);

/** Keys, bearer tokens and passwords in URLs as they appear inside messages. Groups are kept, the rest is replaced. */
const SECRETS_IN_TEXT: [RegExp, string][] = [
  [/\bsk-[A-Za-z0-9_-]{8,}/g, 'sk-[redacted]'],
  [/\b(Bearer\s+)[A-Za-z0-9._~+/=-]{8,}/gi, '$1[redacted]'],
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s@/]+@/gi, '$1[redacted]@'],
];

/** JSON lines, one per event, with an ISO time. Secret fields, and secrets inside messages and errors, are redacted. */
export function createLogger({ name, level = 'info', destination }: LoggerOptions): Logger {
  const options = {
    name,
    level,
    redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: serializeError },
    hooks: {
      logMethod(this: Logger, args: Parameters<Logger['info']>, method: (...args: Parameters<Logger['info']>) => void) {
        method.apply(
          this,
          args.map((argument: unknown) => (typeof argument === 'string' ? redactText(argument) : argument)) as typeof args,
        );
      },
    },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** `text` with every key, bearer token and URL password replaced. */
export function redactText(text: string): string {
  return SECRETS_IN_TEXT.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
}

/** pino's own form of an error, with its texts redacted; causes are folded into `message` and `stack` by pino. */
function serializeError(error: Error): unknown {
  if (!(error instanceof Error)) return error;
  const { type, message, stack } = stdSerializers.err(error);
  const code = (error as { code?: unknown }).code;
  return { type, code, message: redactText(message), stack: redactText(stack ?? '') };
}
