import { isAlive } from './process-identity.ts';
import { claimSchema, createRecord, exitRecordSchema, makePrivateDirectory, readRecord, replaceRecord } from './run-directory.ts';

/**
 * Leaves the request in the rank's directory and wakes its supervisor. The grace is the supervisor's to count: it ends in force
 * whether or not we are still there. Orders of events that this survives:
 * - no supervisor yet: we take the claim, so that one which comes later goes away;
 * - a supervisor takes the claim between our look and ours: it looks for the request after claiming, and twice a second after that;
 * - we die after the claim: whoever looks next finds a rank that nobody guards, and records its end.
 */
export async function requestStop(directory: string, { graceMs, now }: { graceMs: number; now: Date }): Promise<void> {
  await makePrivateDirectory(directory);
  if (await readRecord(directory, 'exit.json', exitRecordSchema)) return;
  await replaceRecord(directory, 'stop.json', JSON.stringify({ graceMs }));
  if (await createRecord(directory, 'rank.json', { pid: null, startedAs: null, node: null, startedAt: null })) {
    await createRecord(directory, 'exit.json', { exitCode: null, signal: null, verdict: 'stopped', message: null, finishedAt: now });
    return;
  }
  const claim = await readRecord(directory, 'rank.json', claimSchema);
  if (claim && (await isAlive(claim))) wake(claim.pid);
}

function wake(pid: number | null): void {
  try {
    if (pid !== null) process.kill(pid, 'SIGTERM');
  } catch {
    // It ended since we looked; its exit record says how.
  }
}
