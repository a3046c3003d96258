import type { AttemptObject } from '@capstan/core';
import type { Checkpoint, LedgerEntry, UsageRecord } from '@capstan/db';
import { unixTime, unixTimeOrNull } from './unix-time.ts';

interface JobHistory {
  entries: readonly LedgerEntry[];
  usage: readonly UsageRecord[];
  checkpoints: readonly Checkpoint[];
}

export function attemptToRest(entry: LedgerEntry, history: JobHistory): AttemptObject {
  const used = history.usage.find(({ attempt }) => attempt === entry.attempt);
  return {
    object: 'fine_tuning.job.attempt',
    attempt: entry.attempt,
    state: entry.state,
    pool: entry.poolId,
    workers: entry.workers,
    created_at: unixTime(entry.intendedAt),
    launched_at: unixTimeOrNull(entry.launchedAt),
    ended_at: unixTimeOrNull(entry.endedAt),
    reason: entry.reason,
    message: entry.message ?? entry.statusMessage,
    exit_code: entry.exitCode,
    last_step: entry.lastStep,
    lost_steps: lostSteps(entry, history),
    gpu_seconds: used?.gpuSeconds ?? null,
    cost_usd: used?.costUsd ?? null,
  };
}

/** The next attempt goes on from the last checkpoint that was saved by then; what lies behind it is trained again. */
function lostSteps({ attempt, lastStep }: LedgerEntry, { entries, checkpoints }: JobHistory): number | null {
  if (lastStep === null || !entries.some((later) => later.attempt > attempt)) return null;
  const saved = checkpoints.filter((checkpoint) => checkpoint.attempt <= attempt).map(({ step }) => step);
  return Math.max(0, lastStep - Math.max(0, ...saved));
}
