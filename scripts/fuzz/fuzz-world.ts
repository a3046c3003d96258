/** A project with a key of every role and things of its own. */
export interface FuzzProject {
  name: string;
  keys: Record<'viewer' | 'submitter' | 'operator' | 'admin', string>;
  revokedKey: string;
  files: string[];
  jobs: string[];
  keyIds: string[];
  /** Hashes of the content of its files. */
  hashes: string[];
}

/** The attempt whose rank the fuzzer plays, so that the gRPC port has somebody to refuse in the name of. */
export interface PlayedRank {
  jobId: string;
  attempt: number;
  epoch: number;
  token: string;
  /** Number of the next report. */
  next: number;
}

/** What the requests are made of. They are all sent in the name of `own`; nothing of `foreign` may ever come back. */
export interface FuzzWorld {
  origin: string;
  apiPort: number;
  grpcPort: number;
  baseModel: string;
  own: FuzzProject;
  foreign: FuzzProject;
  /** Stands in every name, value and content of `foreign`. */
  canary: string;
  /** A pool that no job is sent to: changing it starts nothing. */
  idlePool: string;
  rank: PlayedRank;
  internalToken: string;
  workerTokenSecret: string;
}
