import type { Clock } from '@capstan/core';
import type { RankObservation } from '../launcher.ts';
import { endProcessGroup } from './end-process-group.ts';
import { judgeExit } from './judge-exit.ts';
import { isAlive } from './process-identity.ts';
import { readLastLines } from './read-log.ts';
import {
  type Claim,
  claimSchema,
  createRecord,
  type ExitRecord,
  exitRecordSchema,
  type LaunchRecord,
  readRecord,
  workerSchema,
} from './run-directory.ts';

/**
 * One rank as its directory and the process table show it; null before anybody guards it. A supervisor that died without a word is found here: what it left
 * running is killed, and the end recorded in its place, so that no worker lives on unwatched.
 */
export async function observeRank(
  launch: LaunchRecord,
  rank: number,
  { directory, clock }: { directory: string; clock: Clock },
): Promise<RankObservation | null> {
  const { name, kind, jobId, attempt, epoch } = launch;
  const claim = await readRecord(directory, 'rank.json', claimSchema);
  if (!claim) return null;
  const exit = await readExit(directory, claim, clock);
  const logTail = exit ? await readLastLines(directory) : [];
  return {
    name,
    kind,
    jobId,
    attempt,
    epoch,
    rank,
    ...(exit ? judgeExit(exit, logTail) : await describeLiving(directory)),
    node: claim.node,
    placedAt: claim.startedAt,
    startedAt: claim.startedAt,
    finishedAt: exit?.finishedAt ?? null,
    logTail,
  };
}

async function describeLiving(directory: string) {
  const worker = await readRecord(directory, 'worker.json', workerSchema);
  return { phase: worker ? ('running' as const) : ('pending' as const), reason: null, message: null, exitCode: null };
}

async function readExit(directory: string, claim: Claim, clock: Clock): Promise<ExitRecord | null> {
  const exit = await readRecord(directory, 'exit.json', exitRecordSchema);
  if (exit || (await isAlive(claim))) return exit;
  // It may have recorded the end between the two looks; creating a record never replaces one.
  if (claim.pid !== null) await endProcessGroup(claim.pid, directory);
  const lost: ExitRecord = { exitCode: null, signal: null, verdict: 'supervisorLost', message: null, finishedAt: clock.now() };
  await createRecord(directory, 'exit.json', lost);
  return readRecord(directory, 'exit.json', exitRecordSchema);
}
