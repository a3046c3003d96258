import type { ArtifactStore } from '@capstan/artifacts';
import type { Clock, DecideLimits } from '@capstan/core';
import type { Database } from '@capstan/db';
import type { Launcher, SchedulerTls } from '@capstan/launcher';
import type { JobQueue } from '@capstan/queue';
import type { Logger } from '@capstan/runtime';
import type { Decisions } from './dispatch/decisions.ts';
import type { SchedulerMetrics } from './metrics.ts';
import type { OwnPools } from './own-pools.ts';

/** How a scheduler behaves, apart from where its services are. Durations in milliseconds. */
export interface SchedulerSettings {
  /** Signs worker tokens; the same for all schedulers of a fleet. */
  workerTokenSecret: string;
  /** What the API presents to generate; the same for all of a fleet. */
  internalToken: string;
  limits: DecideLimits;
  /** How often each pool looks at its queue without being woken. */
  dispatchIntervalMs: number;
  /** How often all active jobs are reconciled without an event. */
  reconcileIntervalMs: number;
  sweepIntervalMs: number;
  heartbeatIntervalMs: number;
  /** From the launcher's polite stop to its forced one. */
  killGraceMs: number;
  /** How long ranks may take to exit by themselves after their attempt has ended: on a busy cluster the news of an exit comes late. */
  exitGraceMs: number;
  /** How long ranks that have succeeded are kept, for people to look at; ten times as long while others are launched or wait to start, which removals would slow down. */
  keepEndedMs: number;
  /** Launches under way at once, per pool; how many of them a launcher carries out at a time is its own affair. */
  launchConcurrency: number;
  /** States kept per job; older ones are deleted, their rows stay. */
  checkpointsKept: number;
  /** A state that was put more recently is not deleted yet: its report may be under way. */
  stateGraceMs: number;
  /** A blob that was put more recently is not deleted although nothing refers to it: its row may be under way. */
  artifactGraceMs: number;
  /** From the last blob of the store until the first is looked at again. */
  artifactPassPauseMs: number;
  serving: ServingSettings;
}

export interface ServingSettings {
  /** Whose launcher and limits serving workers get; null takes the first pool whose launcher there is. */
  poolId: string | null;
  /** Serving workers at once, over all base models. */
  maxWorkers: number;
  /** Requests waiting per worker before callers are turned away. */
  maxWaiting: number;
  idleMs: number;
  /** From the launch to the first session. */
  startTimeoutMs: number;
  maxAdapters: number;
}

/** All that the parts of a scheduler share. Each function asks for the fields that it needs only. */
export interface SchedulerContext {
  db: Database;
  queue: JobQueue;
  launcher: Launcher;
  ownPools: OwnPools;
  artifacts: ArtifactStore;
  clock: Clock;
  random: () => number;
  logger: Logger;
  metrics: SchedulerMetrics;
  settings: SchedulerSettings;
  decisions: Decisions;
  /** Names whose launch this process is carrying out: nobody begins it anew meanwhile. */
  launching: Set<string>;
  /** Where workers find the gRPC server; known once it listens. */
  schedulerAddress: string;
  /** What they tell it from others by, where it speaks TLS. */
  schedulerTls?: SchedulerTls | undefined;
}
