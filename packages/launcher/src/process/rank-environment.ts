import type { LaunchSpec } from '../launcher.ts';
import { tlsEnvironment } from '../tls-environment.ts';
import { RANK_DIRECTORY_VARIABLE } from './end-process-group.ts';

export interface RankPlaces {
  directory: string;
  tokenFile: string;
  cacheDir: string;
}

/** All that a worker is told. The token is in a file that only its user can read: an environment can be seen from outside. */
export function rankEnvironment(spec: LaunchSpec, rank: number, { directory, tokenFile, cacheDir }: RankPlaces): Record<string, string> {
  return {
    CAPSTAN_SCHEDULER_ADDRESS: spec.schedulerAddress,
    ...tlsEnvironment(spec),
    CAPSTAN_TOKEN_FILE: tokenFile,
    CAPSTAN_JOB_ID: spec.jobId,
    CAPSTAN_ATTEMPT: String(spec.attempt),
    CAPSTAN_EPOCH: String(spec.epoch),
    CAPSTAN_RANK: String(rank),
    CAPSTAN_WORLD_SIZE: String(spec.worldSize),
    CAPSTAN_KIND: spec.kind,
    CAPSTAN_CACHE_DIR: cacheDir,
    [RANK_DIRECTORY_VARIABLE]: directory,
  };
}
