import { type ChildProcess, spawn } from 'node:child_process';
import { type FileHandle, open } from 'node:fs/promises';
import { type EndStep, endProcess } from './end-process.ts';

export interface ServiceCommand {
  command: string;
  args: string[];
  cwd: string;
  env: Record<string, string>;
  /** Takes stdout and stderr; begun anew with every start. */
  logFile: string;
  /** Given to the service's stdin, which then ends. */
  input?: string;
  runAs?: { uid: number; gid: number };
  /** How to end it, gently first. */
  endSteps: readonly EndStep[];
}

export interface ChildService {
  pid: number;
  /** Resolves when the process has ended, for whatever reason. */
  exited: Promise<void>;
  hasExited(): boolean;
  /** Resolves when the process is gone; called twice, both wait for the one end. */
  stop(): Promise<void>;
}

/**
 * Starts a server as a child in a session of its own, so that Ctrl-C in the terminal reaches the supervisor alone, which ends things in
 * order. A guard ends the server when this process dies without a chance to.
 */
export async function startChildService(service: ServiceCommand): Promise<ChildService> {
  const log = await open(service.logFile, 'w', 0o600);
  try {
    const child = await spawnDetached(service, log);
    const pid = child.pid ?? 0;
    const guard = process.platform === 'win32' ? null : startGuard(pid, service.endSteps);
    let ended = false;
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve())).then(() => {
      ended = true;
      guard?.dismiss();
    });
    let stopping: Promise<void> | null = null;
    const hasExited = () => ended;
    const stop = () => {
      stopping ??= endProcess(pid, service.endSteps, hasExited);
      return stopping;
    };
    return { pid, exited, hasExited, stop };
  } finally {
    await log.close();
  }
}

function spawnDetached({ command, args, cwd, env, input, runAs }: ServiceCommand, log: FileHandle): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const stdin = input === undefined ? 'ignore' : 'pipe';
    const child = spawn(command, args, { cwd, env, detached: true, stdio: [stdin, log.fd, log.fd], ...runAs });
    child.once('error', reject);
    child.once('spawn', () => {
      // A server that dies before it has read its input says why in the log.
      child.stdin?.on('error', () => undefined);
      child.stdin?.end(input);
      child.unref();
      resolve(child);
    });
  });
}

/** A shell that waits on a pipe from this process: its end without the word `done` means that this process is dead. */
function startGuard(pid: number, endSteps: readonly EndStep[]): { dismiss(): void } {
  const signal = (endSteps[0]?.signal ?? 'SIGTERM').replace('SIG', '');
  const guard = spawn('/bin/sh', ['-c', `read -r word; [ "$word" = done ] || kill -${signal} ${pid}`, 'capstan-guard'], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.on('error', () => undefined);
  guard.stdin.on('error', () => undefined);
  guard.unref();
  if ('unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
  return { dismiss: () => guard.stdin.end('done\n') };
}
