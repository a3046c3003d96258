import type { Clock } from '@capstan/core';

/** What a stream to a terminal or a pipe offers; tests pass one that gathers what is written. */
export interface OutputStream extends NodeJS.WritableStream {
  isTTY?: boolean | undefined;
  columns?: number | undefined;
}

/** The process, as an argument. */
export interface CliContext {
  env: Record<string, string | undefined>;
  stdin: NodeJS.ReadableStream & { isTTY?: boolean | undefined };
  stdout: OutputStream;
  stderr: OutputStream;
  clock: Clock;
  /** Aborts at the first Ctrl-C or SIGTERM. */
  signal: AbortSignal;
  fetch: typeof fetch;
  /** Calls back at every Ctrl-C or SIGTERM after the first. */
  onImpatience(listener: () => void): void;
}
