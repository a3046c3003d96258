import { isActive, isFinished, isTerminal } from '@capstan/core';
import { type ModelWorld, POOL, SLOTS } from './model-world.ts';

/** What must hold at every moment; throws the first that does not. */
export async function checkAlways({ db, launcher, jobIds, ended }: ModelWorld): Promise<void> {
  let held = 0;
  for (const jobId of jobIds) {
    const job = await db.jobs.get(jobId);
    if (job === null) throw new Error(`${jobId} is gone.`);
    if (isActive(job.status)) held += job.spec.resources.workers;
    const version = ended.get(jobId);
    if (version !== undefined && version !== job.version) throw new Error(`${jobId} had ended and became ${job.status}.`);
    if (isTerminal(job.status)) ended.set(jobId, job.version);
  }
  const { reserved } = await db.pools.usage(POOL);
  if (reserved > SLOTS) throw new Error(`${reserved} of ${SLOTS} slots are reserved.`);
  if (reserved !== held) throw new Error(`${reserved} slots are reserved for jobs that need ${held}.`);
  for (const [name, times] of launcher.made) if (times > 1) throw new Error(`${name} was launched ${times} times.`);
}

/** What must hold once the world has come to rest. */
export async function checkAtRest(world: ModelWorld): Promise<void> {
  await checkAlways(world);
  const { db, launcher, queue, jobIds, cancelled } = world;
  for (const jobId of jobIds) {
    const status = (await db.jobs.get(jobId))?.status ?? 'queued';
    if (!isTerminal(status)) throw new Error(`${jobId} never ended: it is ${status}.`);
    if (cancelled.has(jobId) && status !== 'cancelled') throw new Error(`${jobId} was cancelled and is ${status}.`);
  }
  const open = await db.ledger.listOpen();
  if (open.length > 0) throw new Error(`${open.length} attempts are still open.`);
  const living = launcher.ranks().filter((rank) => !isFinished(rank));
  if (living.length > 0) throw new Error(`${living.map(({ name }) => name).join(', ')} still live.`);
  const { waiting, active } = await queue.counts(POOL);
  if (waiting + active > 0) throw new Error(`${waiting + active} queue entries are left.`);
  await checkReports(world);
}

/** Every acknowledged report is stored once, and none that was not sent: a log line each, of which the database keeps all. */
async function checkReports({ db, memories, launcher }: ModelWorld): Promise<void> {
  const ranks = new Map(launcher.everStarted().map((rank) => [`${rank.name}/${rank.rank}`, rank]));
  for (const [key, { sent, acknowledged }] of memories) {
    const rank = ranks.get(key);
    if (rank === undefined) throw new Error(`${key} spoke and never started.`);
    const lines = (await db.logs.list(rank.jobId, { attempt: rank.attempt, limit: 1_000 })).filter((line) => line.rank === rank.rank);
    const stored = lines.map(({ message }) => message);
    if (new Set(stored).size !== stored.length) throw new Error(`${key} has lines twice: ${stored.join(', ')}`);
    const owed = sent.filter(({ sequence }) => sequence <= acknowledged).map(({ message }) => message);
    if (owed.some((message) => !stored.includes(message))) throw new Error(`${key} was promised ${owed.join()} and finds ${stored.join()}`);
    if (
      stored.join() !==
      sent
        .slice(0, stored.length)
        .map(({ message }) => message)
        .join()
    )
      throw new Error(`${key} finds its lines in another order: ${stored.join()}`);
  }
}
