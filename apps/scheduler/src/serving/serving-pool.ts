import {
  AppError,
  type GenerateChunk,
  type GenerateRequest,
  isFinished,
  ShutdownError,
  StaleEpochError,
  UnavailableError,
} from '@capstan/core';
import type { RankObservation } from '@capstan/launcher';
import type { ServingSession } from '@capstan/proto';
import type { SchedulerContext } from '../scheduler-context.ts';
import { launchServingWorker } from './launch-serving-worker.ts';
import { baseHashOf, baseModelHash, servingName } from './serving-names.ts';
import { ServingWorker } from './serving-worker.ts';

/** What a caller who was turned away is told to wait; about one answer's time. */
const RETRY_AFTER_MS = 2_000;
/** How long the workers of an earlier scheduler have to dial in; several times the longest pause between their tries. */
const ADOPTION_MS = 10_000;

/** One serving worker per base model, launched when it is first asked for and stopped when nobody asks any more. */
export class ServingPool {
  readonly #context: SchedulerContext;
  /** By the hash of their base. */
  readonly #workers = new Map<string, ServingWorker>();
  /** Those that an earlier scheduler launched. */
  readonly #adopted = new WeakSet<ServingWorker>();
  /** Names of those that were to be stopped while the launcher could not. */
  readonly #unstopped = new Set<string>();
  readonly #closing = new AbortController();

  constructor(context: SchedulerContext) {
    this.#context = context;
  }

  /** Throws `rate_limited` at once where too many wait already; a cold start is awaited. */
  generate(request: GenerateRequest, options: { signal: AbortSignal }): AsyncIterable<GenerateChunk> {
    const baseHash = baseModelHash(request.baseModel);
    const worker = this.#workers.get(baseHash) ?? this.#start(baseHash);
    if (worker.load > this.#context.settings.serving.maxWaiting) throw this.#turnAway('Too many requests wait for this model.');
    return worker.generate(request, options);
  }

  /**
   * Told at the start which serving ranks live already: requests for their bases wait for them to dial in rather than start another. One
   * that does not is forgotten, not stopped, for it may be another scheduler's; a sweep stops those that find no place.
   */
  expect(observations: RankObservation[]): void {
    for (const observation of observations) {
      if (observation.kind === 'serve' && !isFinished(observation)) this.#adopt(observation.name);
    }
  }

  /** Takes the session of a worker that has dialled in: one that we launched, or one that an earlier scheduler left. */
  attach(session: ServingSession): void {
    const worker = this.#find(session.serverId) ?? this.#adopt(session.serverId);
    if (worker === undefined) {
      session.refuse(new StaleEpochError('This serving worker is not needed any more.'));
      return;
    }
    session.sendAssignment({ serverId: worker.name, maxAdapters: this.#context.settings.serving.maxAdapters });
    worker.attach(session);
    void session.closed.then(() => {
      if (!this.#closing.signal.aborted && worker.session === session) this.#crash(worker, 'its session ended');
    });
  }

  /** Whether the serving worker was ever asked to use this artifact. */
  mayRead(serverId: string, sha256: string): boolean {
    return this.#find(serverId)?.mayRead(sha256) ?? false;
  }

  /** Told of serving ranks as the launcher sees them: one that has ended fails its requests. */
  observe(observation: RankObservation): void {
    if (!isFinished(observation)) return;
    this.#unstopped.delete(observation.name);
    const worker = this.#find(observation.name);
    if (worker) this.#crash(worker, observation.message ?? `it ${observation.phase}`);
  }

  /** Stops workers that nobody has used for a while, and those that could not be stopped before; gives up those that never dialled in. */
  unloadIdle(): void {
    const { clock, settings } = this.#context;
    for (const name of [...this.#unstopped]) this.#stop(name);
    const now = clock.now().getTime();
    for (const worker of this.#workers.values()) {
      const ageMs = now - worker.startedAt.getTime();
      if (worker.session === null && this.#adopted.has(worker) && ageMs > ADOPTION_MS) this.#forget(worker, 'it did not come back');
      else if (worker.session === null && ageMs > settings.serving.startTimeoutMs) this.#crash(worker, 'it never dialled in');
      else if (worker.load === 0 && now - worker.lastUsedAt.getTime() > settings.serving.idleMs) this.#drop(worker, 'it was idle');
    }
  }

  /** From now on the end of a session is ours, not a crash; workers live on and are adopted by the next scheduler. */
  close(): void {
    this.#closing.abort(new ShutdownError());
  }

  #start(baseHash: string): ServingWorker {
    const { clock, metrics, random, settings } = this.#context;
    if (this.#workers.size >= settings.serving.maxWorkers) this.#makeRoom();
    const worker = new ServingWorker(servingName(baseHash, random), clock);
    this.#workers.set(baseHash, worker);
    metrics.serving.inc({ event: 'start' });
    launchServingWorker(worker.name, this.#context, { signal: this.#closing.signal }).catch((error: unknown) =>
      this.#crash(worker, error instanceof Error ? error.message : String(error)),
    );
    return worker;
  }

  #makeRoom(): void {
    const idle = [...this.#workers.values()].filter(({ load }) => load === 0);
    const oldest = idle.sort((a, b) => a.lastUsedAt.getTime() - b.lastUsedAt.getTime())[0];
    if (oldest === undefined) throw this.#turnAway('Every serving worker is busy with another model.');
    this.#drop(oldest, 'it made room for another model');
  }

  #adopt(name: string): ServingWorker | undefined {
    const baseHash = baseHashOf(name);
    const isWanted = baseHash !== null && !this.#workers.has(baseHash) && !this.#unstopped.has(name);
    if (!isWanted || this.#workers.size >= this.#context.settings.serving.maxWorkers) return undefined;
    const worker = new ServingWorker(name, this.#context.clock);
    this.#workers.set(baseHash, worker);
    this.#adopted.add(worker);
    this.#context.logger.info({ server: name }, 'serving worker of an earlier scheduler found');
    return worker;
  }

  #find(name: string): ServingWorker | undefined {
    return [...this.#workers.values()].find((worker) => worker.name === name);
  }

  #crash(worker: ServingWorker, why: string): void {
    this.#context.metrics.serving.inc({ event: 'crash' });
    this.#drop(worker, why);
  }

  #drop(worker: ServingWorker, why: string): void {
    this.#forget(worker, why);
    this.#stop(worker.name);
  }

  /** Repeated by `unloadIdle` where it fails: nobody else would stop it, and it holds its place. */
  #stop(name: string): void {
    const { launcher, logger, settings } = this.#context;
    this.#unstopped.delete(name);
    launcher.stop(name, { graceMs: settings.killGraceMs }).catch((error: unknown) => {
      this.#unstopped.add(name);
      logger.warn({ err: error, server: name }, 'serving worker could not be stopped and will be tried again');
    });
  }

  #forget(worker: ServingWorker, why: string): void {
    const message = `The serving worker has gone away (${why}); the next request starts another.`;
    worker.fail(new UnavailableError(message, { retryAfterMs: RETRY_AFTER_MS }));
    for (const [baseHash, candidate] of this.#workers) if (candidate === worker) this.#workers.delete(baseHash);
    this.#context.logger.info({ server: worker.name, why }, 'serving worker dropped');
  }

  #turnAway(message: string): AppError {
    this.#context.metrics.serving.inc({ event: 'refusal' });
    return new AppError('rate_limited', message, { retryAfterMs: RETRY_AFTER_MS });
  }
}
