/** Time as an argument: production passes the system's, tests pass one that they turn by hand. */
export interface Clock {
  now(): Date;
  /** Resolves after `ms`; rejects with `signal.reason` as soon as the signal aborts, and then leaves no timer or listener. */
  sleep(ms: number, options?: { signal?: AbortSignal | undefined }): Promise<void>;
}
