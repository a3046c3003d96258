import { setTimeout as sleep } from 'node:timers/promises';
import type { CapstanClient } from '@capstan/client';
import { isActive } from '@capstan/core';
import type { Insist } from './insist.ts';
import type { LivingRank } from './living-ranks.ts';

const POLL_MS = 50;
/** By then every recipe has saved a checkpoint. */
const SAVED_BY_STEP = 4;

/**
 * Answers true right after a step of the rank has arrived: it surely talks to the scheduler, has more to say, and its job has a checkpoint to
 * go on from. False where its attempt ended before that.
 */
export async function untilTraining(
  { jobId, attempt }: LivingRank,
  { client, insist }: { client: CapstanClient; insist: Insist },
): Promise<boolean> {
  const look = async () => (await insist((signal) => client.jobs.retrieve(jobId, { signal }))).capstan;
  const before = await look();
  for (let now = before; now.attempt === attempt && isActive(now.state); now = await look()) {
    const step = now.progress?.step ?? 0;
    if (step >= SAVED_BY_STEP && step > (before.progress?.step ?? 0)) return true;
    await sleep(POLL_MS);
  }
  return false;
}
