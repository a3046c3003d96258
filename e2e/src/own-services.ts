import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const START = { timeout: 60_000, interval: 100 };

/** An app of ours as a process of the test's own: nobody starts it again. */
export interface OwnService {
  child: ChildProcess;
  log(): string;
  /** kill -9. */
  kill(): Promise<void>;
  /** SIGTERM, and the end. */
  stop(): Promise<void>;
}

/** Starts the bundle of an app and waits until `readyUrl` answers well. */
export async function startService(app: 'api' | 'scheduler', readyUrl: string, env: Record<string, string>): Promise<OwnService> {
  const program = join(root, 'apps', app, 'dist', 'main.js');
  const child = spawn(process.execPath, [program], { env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env }, stdio: 'pipe' });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (log += text.toString()));
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  await vi.waitFor(async () => {
    if (child.exitCode !== null) throw new Error(`${app} ended: ${log}`);
    const answer = await fetch(readyUrl);
    if (!answer.ok) throw new Error(`${app} is not ready: ${await answer.text()}`);
  }, START);
  return { child, log: () => log, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}

/** A port that nobody listens on at `host`. */
export async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
