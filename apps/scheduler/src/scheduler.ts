import { setMaxListeners } from 'node:events';
import { type Pool, ShutdownError } from '@capstan/core';
import type { ClusterPools } from '@capstan/launcher';
import { startGrpcServer, type WorkerSession } from '@capstan/proto';
import { autoscalePools } from './autoscale-pools.ts';
import { createDecisions } from './dispatch/decisions.ts';
import { createDispatchers } from './dispatch/dispatchers.ts';
import { drainRanks } from './drain-ranks.ts';
import { followChanges } from './follow-changes.ts';
import { addGauges } from './gauges.ts';
import { keepClusterPools } from './keep-cluster-pools.ts';
import { createKeyedRunner } from './keyed-runner.ts';
import { createMetrics, type SchedulerMetrics } from './metrics.ts';
import { createOwnPools } from './own-pools.ts';
import type { GrpcTls } from './read-tls.ts';
import { createListening } from './reconcile/listening.ts';
import { createObservedRanks } from './reconcile/observed-ranks.ts';
import { reconcileAll } from './reconcile/reconcile-all.ts';
import { reconcileJob } from './reconcile/reconcile-job.ts';
import { createWaitMessages } from './reconcile/wait-messages.ts';
import { watchRanks } from './reconcile/watch-ranks.ts';
import { repeat } from './repeat.ts';
import { resumeDrained } from './resume-drained.ts';
import type { SchedulerContext } from './scheduler-context.ts';
import { ServingPool } from './serving/serving-pool.ts';
import { makeArtifactHandlers } from './sessions/artifact-access.ts';
import { makeAuthenticate } from './sessions/authenticate.ts';
import { createHeartbeats } from './sessions/heartbeats.ts';
import { serveRank } from './sessions/serve-rank.ts';
import { createSessionRegistry } from './sessions/session-registry.ts';
import { releaseHeld } from './sweeps/release-held.ts';
import { createSweeps } from './sweeps/sweeps.ts';
import { createWakeup } from './wakeup.ts';

export interface SchedulerOptions
  extends Omit<SchedulerContext, 'metrics' | 'decisions' | 'launching' | 'ownPools' | 'schedulerAddress' | 'schedulerTls'> {
  /** What `launcher` stands for: pools of other kinds are left to other schedulers. */
  launcherKinds: readonly Pool['launcher'][];
  /** Where the gRPC server listens; port 0 takes a free one. */
  grpcAddress: string;
  /** Where workers find it, if that is another address. */
  advertisedAddress: string | null;
  /** The cluster in which some pools lie; null where none does. */
  clusterPools?: ClusterPools | null;
  /** Without it gRPC speaks in the clear. */
  tls?: GrpcTls | undefined;
}

export interface Scheduler {
  port: number;
  metrics: SchedulerMetrics;
  /**
   * Takes no more work, finishes what is being written, and leaves workers running: they come back to the next scheduler. With a
   * `drainMs` they are ended first, within that time, because the machine that they run on goes down as well.
   */
  close(options?: { drainMs?: number }): Promise<void>;
}

/** How often heartbeats are written, and serving workers looked after. */
const HOUSEKEEPING_MS = 1_000;
/** The pause before a watch that ended is begun again. */
const REWATCH_MS = 500;

/**
 * Runs one scheduler until it is closed. Nothing is remembered from the one before: rows, queue entries and ranks are looked at, living
 * ranks reconnect, and what lives is not launched again. Any number may run on the same database side by side.
 */
export async function startScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const { tls, advertisedAddress } = options;
  const own = {
    ...{ metrics: createMetrics(), decisions: createDecisions(options.clock), launching: new Set<string>() },
    ...{ ownPools: createOwnPools(options.launcherKinds, options), schedulerAddress: advertisedAddress ?? '', schedulerTls: tls },
  };
  const context: SchedulerContext = { ...options, ...own };
  const parts = createParts(context);
  addGauges(context, () => parts.registry.size());
  const stopping = new AbortController();
  const { signal } = stopping;
  // One listener for each loop and each pool's dispatch: many, but bounded.
  setMaxListeners(0, signal);
  await adopt(parts, context, signal);
  const server = await serve(options, context, parts);
  context.schedulerAddress ||= `127.0.0.1:${server.port}`;
  const loops = startLoops(context, { ...parts, clusterPools: options.clusterPools ?? null }, signal);
  context.logger.info({ port: server.port }, 'scheduler started');

  return {
    port: server.port,
    metrics: context.metrics,
    async close({ drainMs } = {}) {
      stopping.abort(new ShutdownError());
      parts.serving.close();
      await loops();
      if (drainMs !== undefined) await drainRanks(context, drainMs);
      await server.close();
      await Promise.allSettled(parts.sessions);
      await parts.heartbeats.flush().catch((error: unknown) => context.logger.warn({ err: error }, 'last heartbeats not written'));
      context.logger.info('scheduler stopped');
    },
  };
}

interface Parts extends ReturnType<typeof createParts> {}

function createParts(context: SchedulerContext) {
  const { clock, db, launcher, settings } = context;
  const longestGapMs = Math.max(settings.limits.heartbeatTimeoutMs / 2, settings.reconcileIntervalMs * 3);
  return {
    registry: createSessionRegistry(),
    heartbeats: createHeartbeats(db, clock),
    observed: createObservedRanks(launcher),
    listening: createListening(clock, longestGapMs),
    serving: new ServingPool(context),
    waitMessages: createWaitMessages((messages) => db.ledger.setStatusMessages(messages)),
    checkpointed: new Set<string>(),
    /** Conversations under way; closing waits for their writes. */
    sessions: new Set<Promise<void>>(),
  };
}

function serve({ grpcAddress, tls }: SchedulerOptions, context: SchedulerContext, parts: Parts) {
  const { serving, sessions } = parts;
  return startGrpcServer({
    address: grpcAddress,
    tls,
    authenticate: makeAuthenticate(context),
    artifacts: makeArtifactHandlers(context, serving),
    onWorkerSession: (session: WorkerSession) => {
      const conversation = serveRank(session, context, parts);
      const entry = conversation.catch(() => undefined).finally(() => sessions.delete(entry));
      sessions.add(entry);
      return conversation;
    },
    onServingSession: (session) => serving.attach(session),
    onGenerate: (request, options) => serving.generate(request, options),
    onError: (error) => context.logger.error({ err: error }, 'a call failed'),
  });
}

/** Looks at what lives already. A launcher that is away costs only time: the loops look again. */
async function adopt(parts: Parts, { logger }: SchedulerContext, signal: AbortSignal): Promise<void> {
  try {
    await parts.observed.refresh({ signal });
    parts.serving.expect(parts.observed.all());
  } catch (error) {
    logger.warn({ err: error }, 'the launcher could not be looked at');
  }
}

interface LoopParts extends Parts {
  clusterPools: ClusterPools | null;
}

/** Starts everything that runs by itself; the answer waits for the end of it all, once the signal has aborted. */
function startLoops(context: SchedulerContext, parts: LoopParts, signal: AbortSignal): () => Promise<void> {
  const { clock, db, logger, settings } = context;
  const dispatchers = createDispatchers(context, signal);
  const [pass, drained] = [createWakeup(clock), createWakeup(clock)];
  const reconciler = createKeyedRunner(
    (jobId) => reconcileJob(jobId, context, parts, { signal }),
    (jobId, error) => signal.aborted || logger.warn({ err: error, jobId }, 'reconcile failed and will be tried again'),
  );
  const releaser = createKeyedRunner(
    () => releaseHeld(context, signal),
    (_key, error) => signal.aborted || logger.warn({ err: error }, 'held jobs were not let go; the sweep tries again'),
  );
  const sweep = createSweeps(context, parts);
  const followers = { dispatchers, reconciler, releaser, onPool: () => drained.wake(), onResync: () => pass.wake() };
  const every = (everyMs: number, name: string, work: (signal: AbortSignal) => Promise<void>) =>
    repeat({ name, everyMs, work }, context, signal);
  const loops = [
    every(REWATCH_MS, 'changes', () => followChanges(db, followers, signal)),
    every(REWATCH_MS, 'watch', () => watchRanks(context, { ...parts, reconciler }, signal)),
    every(0, 'reconcile', async () => {
      const begunAt = clock.now().getTime();
      await reconcileAll(context, parts, { signal });
      // Thousands of jobs take long to look at: a pass is never more than a fifth of the time.
      const restMs = Math.max(settings.reconcileIntervalMs, 4 * (clock.now().getTime() - begunAt));
      await pass.wait(restMs, { signal });
    }),
    every(0, 'drained jobs', async () => {
      await drained.wait(settings.sweepIntervalMs, { signal });
      await resumeDrained(context);
    }),
    every(settings.sweepIntervalMs, 'sweeps', sweep),
    every(settings.sweepIntervalMs, 'pools', () => dispatchers.refresh()),
    every(settings.sweepIntervalMs, 'cluster pools', async () => {
      if (parts.clusterPools !== null) await keepClusterPools(parts.clusterPools, context);
    }),
    every(settings.sweepIntervalMs, 'autoscale', () => autoscalePools(context)),
    every(HOUSEKEEPING_MS, 'heartbeats', () => parts.heartbeats.flush()),
    every(HOUSEKEEPING_MS, 'wait messages', () => parts.waitMessages.flush()),
    every(HOUSEKEEPING_MS, 'serving', async () => parts.serving.unloadIdle()),
  ];
  return async () => {
    await Promise.all(loops);
    await dispatchers.ended();
    await reconciler.idle();
    await releaser.idle();
  };
}
