import type { ObservedRank, Pool } from '@capstan/core';

/** All ranks of one attempt, or one serving worker. */
export interface LaunchSpec {
  /** Deterministic, so that launching twice launches once: `<jobId>-a<attempt>`. */
  name: string;
  kind: 'train' | 'serve';
  jobId: string;
  attempt: number;
  epoch: number;
  worldSize: number;
  pool: Pool;
  /** Limit of one rank; null leaves it to the machine. */
  memoryMiB: number | null;
  gpusPerWorker: number;
  /** Shared by the ranks; dies with the attempt. */
  token: string;
  /** Host and port, or several with commas between: ranks meet at the first, the others speak for it when it is away. */
  schedulerAddress: string;
  /** How ranks tell the scheduler from others, where it speaks TLS. */
  schedulerTls?: SchedulerTls | undefined;
}

export interface SchedulerTls {
  /** PEM of the authority that signed its certificate; no secret. */
  authority: string;
  /** The name in its certificate. */
  serverName: string;
}

/** One rank as it is now. `reason` is the launcher's own verdict; a plain exit has none. */
export interface RankObservation extends ObservedRank {
  name: string;
  kind: 'train' | 'serve';
  jobId: string;
  attempt: number;
  epoch: number;
  /** The machine it runs on; null before it is placed. */
  node: string | null;
  /** Somebody takes it away, as a drain does, and waits until it is removed. */
  isLeaving?: boolean;
}

/** The `reason` of an error of `launch` that time cures: nothing is wrong with what was to be launched, so the same launch is repeated. */
export const LAUNCH_LATER = 'launch_later';

/** Where ranks run. They live on without whoever launched them, and every call may be repeated. */
export interface Launcher {
  /** All ranks of `spec` are started, or none. A name that was launched before is left as it is, whatever became of it. */
  launch(spec: LaunchSpec, options: { signal: AbortSignal }): Promise<void>;
  /** Every rank that was launched and not removed. */
  list(options: { signal: AbortSignal }): Promise<RankObservation[]>;
  /** Asks the ranks to end (SIGTERM) and forces those that still run after `graceMs`, even if we are gone by then. Returns once that is arranged. */
  stop(name: string, options: { graceMs: number }): Promise<void>;
  /** Forgets ranks that have ended; unknown names are forgotten already. Rejects with `ConflictError` while one still runs. */
  remove(name: string): Promise<void>;
  /** First every rank as it is, so that nothing is missed that happened meanwhile, then each change; until the signal aborts. */
  watch(options: { signal: AbortSignal }): AsyncIterable<RankObservation>;
  /** The end of a rank's output, stdout and stderr as they came; empty where there is none. */
  readLog(name: string, rank: number, options: { tailBytes: number }): Promise<string>;
}
