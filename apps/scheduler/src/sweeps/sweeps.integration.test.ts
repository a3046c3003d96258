import { isFinished } from '@capstan/core';
import type { Launcher, RankObservation } from '@capstan/launcher';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countOf } from '../testing/count-of.ts';
import { makeWorld, QUICK_SETTINGS, type World } from '../testing/make-world.ts';

const { signal: NEVER } = new AbortController();
const PATIENT = { timeout: 30_000 };

describe('the sweeps', { timeout: 90_000 }, () => {
  let world: World;
  beforeEach(async () => {
    world = await makeWorld({ maxWorkers: 2 });
  });
  afterEach(() => world.close());

  const launched = (jobId: string) => world.launches.filter((name) => name.startsWith(jobId));

  it('give a row without an entry its entry', async () => {
    const scheduler = await world.startScheduler();
    const jobId = await world.submit({ script: 'steps 1', isEnqueued: false });
    await world.until(jobId, 'succeeded');
    await expect.poll(() => countOf(scheduler.metrics.repairs, { kind: 'entry_restored' }), PATIENT).toBe(1);
    expect(launched(jobId)).toEqual([`${jobId}-a1`]);
  });

  it('remove entries without a row that waits for them, and leave the others in line', async () => {
    const scheduler = await world.startScheduler();
    await world.until(await world.submit({ script: 'endless', workers: 2 }), 'running');
    const waiting = await world.submit({ script: 'steps 1' });
    const behind = { poolId: 'local', priority: 90, now: new Date() };
    await world.queue.enqueue({ ...behind, jobId: 'ftjob-nobody', attempt: 1 });
    await world.queue.enqueue({ ...behind, jobId: waiting, attempt: 7 });
    const inLine = () => world.queue.list('local', { offset: 0, limit: 9 });
    await expect.poll(inLine, PATIENT).toEqual([{ jobId: waiting, attempt: 1 }]);
    await expect.poll(() => countOf(scheduler.metrics.repairs, { kind: 'entry_removed' }), PATIENT).toBe(2);
  });

  it('free slots that no attempt holds', async () => {
    const gone = await world.submit({ script: 'endless', isEnqueued: false });
    await world.db.jobs.applyEvent(gone, { type: 'cancelRequested' });
    await world.database.execute(`INSERT INTO reservations VALUES ('${gone}', 1, 'local', 2, now())`);
    const scheduler = await world.startScheduler();
    const jobId = await world.submit({ script: 'steps 1' });
    await world.until(jobId, 'succeeded');
    await expect.poll(() => countOf(scheduler.metrics.repairs, { kind: 'reservation_released' }), PATIENT).toBe(1);
  });

  it('stop and remove processes that no row knows', async () => {
    const pool = (await world.db.pools.get('local')) ?? expect.fail('no pool');
    const names = { jobId: 'ftjob-nobody', attempt: 1, epoch: 1, name: 'ftjob-nobody-a1', kind: 'train' as const };
    const size = { worldSize: 1, pool, memoryMiB: null, gpusPerWorker: 0 };
    await world.launcher.launch({ ...names, ...size, token: 'none', schedulerAddress: '127.0.0.1:9' }, { signal: NEVER });
    const scheduler = await world.startScheduler();
    await expect.poll(() => world.launcher.list({ signal: NEVER }), PATIENT).toEqual([]);
    await expect.poll(() => countOf(scheduler.metrics.removals, { kind: 'finished_rank' }), PATIENT).toBe(1);
  });

  it('stop a serving worker that finds no place, once no scheduler can still be waiting for it', async () => {
    const pool = (await world.db.pools.get('local')) ?? expect.fail('no pool');
    const name = 'serve-0123456789ab-left';
    const names = { jobId: name, attempt: 1, epoch: 1, name, kind: 'serve' as const };
    const size = { worldSize: 1, pool, memoryMiB: null, gpusPerWorker: 0 };
    // A process has its place at once; a pod may wait for one.
    const asPending = (rank: RankObservation): RankObservation => (isFinished(rank) ? rank : { ...rank, phase: 'pending' });
    const stoppedAt: number[] = [];
    const launcher: Launcher = {
      ...world.launcher,
      list: async (options) => (await world.launcher.list(options)).map(asPending),
      async *watch(options) {
        for await (const rank of world.launcher.watch(options)) yield asPending(rank);
      },
      async stop(server, options) {
        stoppedAt.push(Date.now());
        await world.launcher.stop(server, options);
      },
    };
    const serving = { ...QUICK_SETTINGS.serving, startTimeoutMs: 1_000 };
    const scheduler = await world.startScheduler({ launcher, settings: { serving, exitGraceMs: 1_000 } });
    const launchedAt = Date.now();
    await world.launcher.launch({ ...names, ...size, token: 'none', schedulerAddress: '127.0.0.1:9' }, { signal: NEVER });
    await expect.poll(() => stoppedAt.length, PATIENT).toBeGreaterThan(0);
    await expect.poll(() => world.launcher.list({ signal: NEVER }), PATIENT).toEqual([]);
    expect((stoppedAt[0] ?? 0) - launchedAt).toBeGreaterThan(2_000);
    expect(await countOf(scheduler.metrics.repairs, { kind: 'orphan_rank_stopped' })).toBeGreaterThan(0);
  });

  it('keep ranks that have succeeded for people to look at, but not one that is being taken away', async () => {
    const { list } = world.launcher;
    let isLeaving = false;
    const launcher = {
      ...world.launcher,
      list: async (options: { signal: AbortSignal }) => (await list(options)).map((rank) => ({ ...rank, isLeaving })),
    };
    const scheduler = await world.startScheduler({ settings: { keepEndedMs: 600_000 }, launcher });
    await world.until(await world.submit({ script: 'steps 1' }), 'succeeded');
    await expect.poll(async () => (await world.launcher.list({ signal: NEVER })).map(({ phase }) => phase), PATIENT).toEqual(['succeeded']);
    isLeaving = true;
    await expect.poll(() => world.launcher.list({ signal: NEVER }), PATIENT).toEqual([]);
    expect(await countOf(scheduler.metrics.removals, { kind: 'finished_rank' })).toBe(1);
  });

  it('end the attempt of a row whose processes have vanished without a trace, at no cost to its budget', async () => {
    const first = await world.startScheduler();
    const jobId = await world.submit({ script: 'endless', maxAttempts: 1 });
    await world.until(jobId, ({ progress }) => (progress?.step ?? 0) > 5);
    await first.close();
    await world.launcher.stop(`${jobId}-a1`, { graceMs: 0 });
    await expect.poll(async () => (await world.launcher.list({ signal: NEVER })).map(({ phase }) => phase), PATIENT).toEqual(['failed']);
    await world.launcher.remove(`${jobId}-a1`);
    await world.startScheduler({ settings: { limits: { ...QUICK_SETTINGS.limits, heartbeatTimeoutMs: 3_000 } } });
    const job = await world.until(jobId, ({ attempt, status }) => attempt === 2 && status === 'running');
    expect(job.failures).toBe(0);
    expect(await world.db.ledger.get(jobId, 1)).toMatchObject({ reason: 'NodeLost' });
  });
});

describe('the sweep of artifacts', { timeout: 90_000 }, () => {
  let world: World;
  beforeEach(async () => {
    world = await makeWorld({ maxWorkers: 2 });
  });
  afterEach(() => world.close());

  async function put(text: string): Promise<{ sha256: string; bytes: number }> {
    return world.artifacts.put(
      (async function* () {
        yield Buffer.from(text);
      })(),
    );
  }

  async function addFile(id: string): Promise<string> {
    const stored = await put(`{"messages":["${id}"]}\n`);
    const fingerprints = (await put(`the fingerprints of ${id}`)).sha256;
    const names = { id, projectId: world.projectId, filename: `${id}.jsonl`, purpose: 'fine-tune', status: 'processed' } as const;
    await world.db.files.create({ ...names, ...stored, fingerprints });
    return stored.sha256;
  }

  const isKept = async (sha256: string) => (await world.artifacts.stat(sha256)) !== null;
  const longAgo = "now() - interval '2 hours'";

  it('deletes what nothing refers to once it is old, and keeps what a file, a model, a checkpoint or a waiting job needs', async () => {
    const orphan = (await put('an upload whose row was never written')).sha256;
    const [kept, deleted, needed] = [await addFile('file-kept'), await addFile('file-deleted'), await addFile('file-needed')];
    const waiting = await world.submit({ script: 'steps 1', file: 'file-needed', isEnqueued: false });
    await world.db.jobs.applyEvent(waiting, { type: 'pauseRequested' });
    const scheduler = await world.startScheduler();
    const trained = await world.until(await world.submit({ script: 'steps 12' }), 'succeeded');
    await world.database.execute(`UPDATE files SET deleted_at = ${longAgo} WHERE id IN ('file-deleted', 'file-needed')`);
    await world.ageArtifacts();
    await expect.poll(async () => [await isKept(orphan), await isKept(deleted)], PATIENT).toEqual([false, false]);
    const model = await world.db.models.get(trained.fineTunedModel ?? '', world.projectId);
    const base = await world.db.models.get('base', world.projectId);
    const states = await world.db.checkpoints.listForResume(trained.id);
    const named = [model, base].flatMap((each) => each?.artifacts ?? []).concat(states.map(({ state }) => state));
    expect(named).toHaveLength(4);
    for (const sha256 of [kept, needed, ...named.map((file) => file.sha256)]) expect(await isKept(sha256)).toBe(true);
    await expect.poll(() => countOf(scheduler.metrics.removals, { kind: 'artifact' }), PATIENT).toBeGreaterThanOrEqual(3);
  });

  it('deletes the states of a job that has long ended, and the file that only it still needed', async () => {
    const file = await addFile('file-old');
    await world.startScheduler();
    const { id } = await world.until(await world.submit({ script: 'steps 12', file: 'file-old' }), 'succeeded');
    const states = await world.db.checkpoints.listForResume(id);
    expect(states).toHaveLength(2);
    await world.database.execute(`UPDATE files SET deleted_at = ${longAgo} WHERE id = 'file-old'`);
    await world.database.execute(`UPDATE jobs SET finished_at = ${longAgo} WHERE id = '${id}'`);
    await world.ageArtifacts();
    for (const sha256 of [file, ...states.map(({ state }) => state.sha256)]) await expect.poll(() => isKept(sha256), PATIENT).toBe(false);
    expect(await world.db.checkpoints.listForResume(id)).toEqual([]);
    expect((await world.db.checkpoints.list(id, { limit: 9 })).checkpoints).toHaveLength(2);
  });

  it('leaves alone what a living rank has written, however long its report takes', async () => {
    await world.startScheduler();
    const jobId = await world.submit({ script: 'endless' });
    await world.until(jobId, 'running');
    const written = (await put('a model whose report is still under way')).sha256;
    const orphan = (await put('of nobody')).sha256;
    await world.db.jobArtifacts.record(jobId, written);
    await world.ageArtifacts();
    await expect.poll(() => isKept(orphan), PATIENT).toBe(false);
    expect(await isKept(written)).toBe(true);
  });

  it('leaves alone what was put less than the grace ago, for the first time or again', async () => {
    const [again, orphan] = [(await put('wanted again')).sha256, (await put('of nobody')).sha256];
    await world.ageArtifacts();
    const fresh = (await put('on its way')).sha256;
    await put('wanted again');
    await world.startScheduler();
    await expect.poll(() => isKept(orphan), PATIENT).toBe(false);
    expect([await isKept(again), await isKept(fresh)]).toEqual([true, true]);
  });
});
