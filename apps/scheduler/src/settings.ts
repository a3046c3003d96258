import type { Config } from './config.ts';
import type { SchedulerSettings } from './scheduler-context.ts';

/** The behaviour that a configuration asks for; what it does not name is what suits one machine and a fleet alike. */
export function toSettings(config: Config): SchedulerSettings {
  return {
    workerTokenSecret: config.WORKER_TOKEN_SECRET,
    internalToken: config.INTERNAL_TOKEN,
    limits: {
      launchGraceMs: 10_000,
      heartbeatTimeoutMs: config.HEARTBEAT_TIMEOUT_MS,
      stopGraceMs: config.STOP_GRACE_MS,
      reportGraceMs: 5_000,
      gangTimeoutMs: config.GANG_TIMEOUT_MS,
    },
    dispatchIntervalMs: 1_000,
    reconcileIntervalMs: 2_000,
    sweepIntervalMs: 10_000,
    heartbeatIntervalMs: config.HEARTBEAT_INTERVAL_MS,
    killGraceMs: 5_000,
    exitGraceMs: 60_000,
    keepEndedMs: 60_000,
    launchConcurrency: 256,
    checkpointsKept: config.CHECKPOINTS_KEPT,
    stateGraceMs: 60_000,
    artifactGraceMs: config.ARTIFACT_GRACE_MS,
    artifactPassPauseMs: 300_000,
    serving: {
      poolId: config.SERVING_POOL ?? null,
      maxWorkers: config.SERVING_MAX_WORKERS,
      maxWaiting: 16,
      idleMs: config.SERVING_IDLE_MS,
      startTimeoutMs: 120_000,
      maxAdapters: 8,
    },
  };
}
