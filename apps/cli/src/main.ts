import { shutdownSignal, systemClock } from '@capstan/runtime';
import type { CliContext } from './cli-context.ts';
import { runCli } from './run-cli.ts';

// A reader that goes away (`capstan jobs list | head -1`) is no error; a terminal that goes away (EIO) sends a hang-up as well.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    if (error.code !== 'EIO') throw error;
  });
}
// A closed terminal ends a platform as politely as Ctrl-C does.
process.on('SIGHUP', () => process.kill(process.pid, 'SIGTERM'));

const signal = shutdownSignal();
const context: CliContext = {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  clock: systemClock,
  signal,
  fetch: globalThis.fetch,
  onImpatience(listener) {
    signal.addEventListener('abort', () => listenForImpatience(listener), { once: true });
  },
};

/** npm and process managers pass a signal on that we got from the terminal too: two within a second are one. */
const ECHO_MS = 1_000;

function listenForImpatience(listener: () => void): void {
  const startedAt = performance.now();
  const listen = () => {
    if (performance.now() - startedAt > ECHO_MS) listener();
  };
  process.on('SIGINT', listen).on('SIGTERM', listen);
}

process.exitCode = await runCli(context, process.argv.slice(2));
