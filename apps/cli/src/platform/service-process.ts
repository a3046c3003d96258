import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Clock } from '@capstan/core';
import { guardProcess } from './guard-process.ts';
import { boundLogFile } from './log-file.ts';
import { identifyProcess, type ProcessIdentity, signalProcess } from './process-identity.ts';

export interface ServiceSettings {
  name: string;
  command: string[];
  environment: Record<string, string | undefined>;
  logFile: string;
  clock: Clock;
  /** Told in one sentence whenever the service died and is started again. */
  announce: (message: string) => void;
  /** How `stop` asks; SIGTERM by default. */
  stopSignal?: NodeJS.Signals;
  /** How long `stop` and `restart` wait before they force. */
  stopGraceMs?: number;
  /** Called with every new process, so that its pid can be kept for a later clean-up. */
  onSpawn: () => void;
}

const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 10_000;
/** A process that lived this long counts as healthy: the next death starts at the shortest backoff again. */
const HEALTHY_AFTER_MS = 30_000;
const DEFAULT_STOP_GRACE_MS = 10_000;

/**
 * One child process that is kept running until `stop`. It leads a process group of its own, so that a Ctrl-C in the terminal reaches
 * the platform alone, which then ends its children in order.
 */
export class ServiceProcess {
  readonly #settings: ServiceSettings;
  readonly #stopping = new AbortController();
  #child: ChildProcess | null = null;
  #exited: Promise<void> = Promise.resolve();
  #keeping: Promise<void> = Promise.resolve();
  #deaths = 0;
  /** Set while `restart` waits for the next process. */
  #restarted: (() => void) | null = null;
  #backoff = new AbortController();

  constructor(settings: ServiceSettings) {
    this.#settings = settings;
  }

  get name(): string {
    return this.#settings.name;
  }

  get logFile(): string {
    return this.#settings.logFile;
  }

  /** The running process; null between a death and the next start. */
  get identity(): ProcessIdentity | null {
    const pid = this.#child?.pid;
    return pid === undefined || !isRunning(this.#child) ? null : identifyProcess(pid);
  }

  /** Deaths in a row, each soon after its start. */
  get deathsInARow(): number {
    return this.#deaths;
  }

  start(): void {
    this.#keeping = this.#keepRunning();
  }

  /** Ends the process and starts it again at once: it counts neither as a death nor as a stop. */
  async restart(): Promise<void> {
    const restarted = new Promise<void>((resolve) => {
      this.#restarted = resolve;
    });
    this.#backoff.abort();
    await this.#end('SIGTERM');
    await Promise.race([restarted, this.#keeping]);
  }

  /** Asks, then forces. Nothing of the process group is left afterwards; a second call waits for the same end. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#backoff.abort();
    await this.#end(this.#settings.stopSignal ?? 'SIGTERM');
    await this.#keeping;
  }

  /** Ends the process group at once, without waiting: for a second Ctrl-C. */
  kill(): void {
    this.#stopping.abort();
    this.#backoff.abort();
    if (this.#child?.pid !== undefined && isRunning(this.#child)) signalProcess(this.#child.pid, 'SIGKILL', { group: true });
  }

  /** The one place that starts processes, so that a death, a restart and a stop at the same moment never make two. */
  async #keepRunning(): Promise<void> {
    const { name, clock, announce, logFile } = this.#settings;
    while (!this.#stopping.signal.aborted) {
      const startedAt = clock.now().getTime();
      const child = this.#spawn();
      await this.#exited;
      if (this.#stopping.signal.aborted) return;
      if (this.#restarted !== null) continue;
      this.#deaths = clock.now().getTime() - startedAt > HEALTHY_AFTER_MS ? 1 : this.#deaths + 1;
      announce(`The ${name} ended unexpectedly (${describeExit(child)}); starting it again. Its log: ${logFile}`);
      this.#backoff = new AbortController();
      await clock.sleep(backoffMs(this.#deaths), { signal: this.#backoff.signal }).catch(() => {});
    }
  }

  #spawn(): ChildProcess {
    const { command, environment, logFile, onSpawn } = this.#settings;
    boundLogFile(logFile);
    const log = openSync(logFile, 'a', 0o600);
    const [program = process.execPath, ...args] = command;
    const child = spawn(program, args, { env: environment, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    this.#child = child;
    const guard = child.pid === undefined ? null : guardProcess(child.pid);
    this.#exited = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    }).finally(() => guard?.dismiss());
    this.#restarted?.();
    this.#restarted = null;
    onSpawn();
    return child;
  }

  async #end(ask: NodeJS.Signals): Promise<void> {
    const { clock, stopGraceMs = DEFAULT_STOP_GRACE_MS } = this.#settings;
    const child = this.#child;
    const exited = this.#exited;
    if (child?.pid === undefined || !isRunning(child)) return;
    const grace = new AbortController();
    signalProcess(child.pid, ask);
    await Promise.race([exited, clock.sleep(stopGraceMs, { signal: grace.signal }).catch(() => {})]);
    grace.abort();
    signalProcess(child.pid, 'SIGKILL', { group: true });
    await exited;
  }
}

function isRunning(child: ChildProcess | null): boolean {
  return child !== null && child.exitCode === null && child.signalCode === null;
}

function backoffMs(deaths: number): number {
  return Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.max(0, deaths - 1));
}

function describeExit(child: ChildProcess): string {
  return child.signalCode === null ? `exit status ${child.exitCode ?? 'unknown'}` : `signal ${child.signalCode}`;
}
