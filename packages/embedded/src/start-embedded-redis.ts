import { randomBytes } from 'node:crypto';
import { access, constants, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join, resolve } from 'node:path';
import { UnavailableError } from '@capstan/core';
import { type ChildService, startChildService } from './child-service.ts';
import { endProcess } from './end-process.ts';
import { findFreePort } from './find-free-port.ts';
import { takeOwnership } from './owner-file.ts';
import { commandOf, isAlive, startTimeOf } from './process-identity.ts';
import type { EmbeddedService } from './start-embedded-postgres.ts';
import { waitUntil } from './wait-until.ts';

export interface EmbeddedRedisOptions {
  /** Holds the append-only file and the log; made if it is not there. */
  dataDir: string;
  /** Where to look for the program, as PATH is written; the usual directories by default. */
  searchPath?: string;
  /** A free one by default. */
  port?: number;
  /** A fresh one by default; the same one again lets clients of a server that died find the next. */
  password?: string;
  signal: AbortSignal;
}

const USUAL_PATH = ['/usr/local/bin', '/opt/homebrew/bin', '/usr/bin', '/bin'].join(delimiter);
const PROGRAMS = ['redis-server', 'valkey-server'];
const READY_TIMEOUT_MS = 30_000;
const PORT_TRIES = 3;
/** SIGTERM writes what is left and ends. */
const END_STEPS = [
  { signal: 'SIGTERM', waitMs: 10_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
] as const;

/** Starts a Redis of our own on loopback behind a fresh password, or null where none is installed: no npm package brings one. */
export async function startEmbeddedRedis({
  dataDir,
  searchPath = USUAL_PATH,
  port,
  password = randomBytes(24).toString('hex'),
  signal,
}: EmbeddedRedisOptions): Promise<EmbeddedService | null> {
  const program = await findProgram(searchPath);
  if (program === null) return null;
  signal.throwIfAborted();
  const directory = resolve(dataDir);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const ownership = await takeOwnership(join(directory, 'owner.json'));
  try {
    await clearLeftover(directory);
    const { service, port: used } = await startOnPort({ program, directory, password }, port, signal);
    await writePidFile(directory, service.pid);
    const stop = async () => {
      await service.stop();
      await ownership.release();
    };
    return { url: `redis://:${password}@127.0.0.1:${used}`, pid: service.pid, exited: service.exited, stop };
  } catch (error) {
    await ownership.release();
    throw error;
  }
}

async function findProgram(searchPath: string): Promise<string | null> {
  for (const directory of searchPath.split(delimiter).filter((entry) => entry !== '')) {
    for (const name of PROGRAMS) {
      const path = join(directory, name);
      const isThere = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (isThere) return path;
    }
  }
  return null;
}

interface PidFile {
  pid: number;
  startTime: string;
}

async function writePidFile(directory: string, pid: number): Promise<void> {
  const file: PidFile = { pid, startTime: await startTimeOf(pid) };
  await writeFile(join(directory, 'redis.pid'), JSON.stringify(file));
}

/** Ends the server that a killed owner left running in this directory; a number that now belongs to another process is let be. */
async function clearLeftover(directory: string): Promise<void> {
  const path = join(directory, 'redis.pid');
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return;
  const { pid, startTime }: PidFile = JSON.parse(text);
  const isOurs = isAlive(pid) && (await startTimeOf(pid)) === startTime && /redis|valkey/.test(await commandOf(pid));
  if (isOurs) await endProcess(pid, END_STEPS);
  await rm(path, { force: true });
}

interface Place {
  program: string;
  directory: string;
  password: string;
}

async function startOnPort(place: Place, fixed: number | undefined, signal: AbortSignal): Promise<{ service: ChildService; port: number }> {
  const logFile = join(place.directory, 'redis.log');
  for (let attempt = 1; ; attempt += 1) {
    const port = fixed ?? (await findFreePort());
    const service = await startChildService({
      command: place.program,
      args: ['-'],
      cwd: place.directory,
      env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
      logFile,
      input: configuration(place, port),
      endSteps: END_STEPS,
    });
    if (await waitForReady(service, port, place.password, signal)) return { service, port };
    await service.stop();
    signal.throwIfAborted();
    if (fixed === undefined && attempt < PORT_TRIES) continue;
    throw new UnavailableError(`Redis did not start on port ${port}: ${(await readFile(logFile, 'utf8')).slice(-2_000).trim()}`);
  }
}

/** Through stdin, because a command line is everyone's to read. */
function configuration({ directory, password }: Place, port: number): string {
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir "${directory}"`,
    'appendonly yes',
    'appendfsync everysec',
    'maxmemory-policy noeviction',
    'save ""',
    'daemonize no',
  ];
  return `${lines.join('\n')}\n`;
}

async function waitForReady(service: ChildService, port: number, password: string, signal: AbortSignal): Promise<boolean> {
  const isSettled = async () => service.hasExited() || signal.aborted || (await answersPing(port, password));
  return (await waitUntil(isSettled, READY_TIMEOUT_MS)) && !service.hasExited() && !signal.aborted;
}

/** With our password: another server that took the port refuses it. While the data is being read, the answer is -LOADING. */
function answersPing(port: number, password: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    let answer = '';
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('data', (chunk) => {
      answer += chunk.toString();
      if (answer.includes('+PONG') || answer.includes('-')) socket.destroy();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => done(answer.includes('+PONG')));
  });
}
