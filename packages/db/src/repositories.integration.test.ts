import { checkpointName, type WorkerReport } from '@capstan/core';
import { makeJobSpec, makeStepReport } from '@capstan/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewFile } from './index.ts';
import { numbered, openTestWorld, type TestWorld } from './testing/test-world.ts';

let world: TestWorld;
beforeAll(async () => {
  world = await openTestWorld();
});
afterAll(() => world.close());

describe('projects', () => {
  it('are one per name, even when many ask at once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => world.db.projects.ensure('crowd')));
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(await world.db.projects.get(made[0]?.id ?? '')).toEqual(made[0]);
    expect((await world.db.projects.list()).map(({ name }) => name)).toContain('crowd');
  });
});

describe('API keys', () => {
  it('are found by the key, which is nowhere in the record, until they are revoked', async () => {
    const { apiKeys } = world.db;
    const { key, record } = await apiKeys.create({ projectId: world.projectId, name: 'ci', role: 'submitter' });
    expect(key).toMatch(/^sk-capstan-[0-9a-z]{40}$/);
    expect(JSON.stringify(record)).not.toContain(key);
    expect(await apiKeys.findByKey(key)).toEqual(record);
    expect(await apiKeys.findByKey(`${key}x`)).toBeNull();
    expect(await apiKeys.revoke('proj-other', record.id)).toBe(false);
    expect(await apiKeys.findByKey(key)).not.toBeNull();
    expect(await apiKeys.revoke(world.projectId, record.id)).toBe(true);
    expect(await apiKeys.revoke(world.projectId, record.id)).toBe(true);
    expect(await apiKeys.findByKey(key)).toBeNull();
    expect(await apiKeys.list(world.projectId)).toMatchObject([{ id: record.id, revokedAt: world.clock.now() }]);
  });

  it('chosen outside are stored once', async () => {
    const { id: projectId } = await world.db.projects.ensure('bootstrap');
    const input = { projectId, name: 'bootstrap', role: 'admin' } as const;
    const records = await Promise.all([1, 2, 3].map(() => world.db.apiKeys.ensure('sk-chosen', input)));
    expect(new Set(records.map(({ id }) => id)).size).toBe(1);
    expect(await world.db.apiKeys.findByKey('sk-chosen')).toMatchObject({ projectId, role: 'admin' });
  });
});

describe('files', () => {
  const newFile = (id: string, changes: Partial<NewFile> = {}): NewFile => ({
    id,
    projectId: world.projectId,
    filename: `${id}.jsonl`,
    purpose: 'fine-tune',
    bytes: 5_000_000_000,
    sha256: 'ab',
    status: 'processed',
    ...changes,
  });

  it('are listed by cursor in both orders at one instant, and hidden from other projects', async () => {
    const { files } = world.db;
    for (const id of ['file-b', 'file-a', 'file-c']) await files.create(newFile(id));
    const first = await files.list({ projectId: world.projectId, limit: 2 });
    expect(first).toMatchObject({ files: [{ id: 'file-c', bytes: 5_000_000_000 }, { id: 'file-b' }], hasMore: true });
    const rest = await files.list({ projectId: world.projectId, limit: 2, after: 'file-b' });
    expect(rest).toMatchObject({ files: [{ id: 'file-a' }], hasMore: false });
    const ascending = await files.list({ projectId: world.projectId, limit: 9, after: 'file-a', order: 'asc', purpose: 'fine-tune' });
    expect(ascending.files.map(({ id }) => id)).toEqual(['file-b', 'file-c']);
    expect((await files.list({ projectId: world.projectId, limit: 9, purpose: 'evals' })).files).toEqual([]);
    expect(await files.get('proj-other', 'file-a')).toBeNull();
    expect((await files.list({ projectId: 'proj-other', limit: 9, after: 'file-a' })).files).toEqual([]);
  });

  it('stay readable for the jobs that use them after they were deleted or have expired', async () => {
    const { files } = world.db;
    await files.create(newFile('file-gone'));
    await files.create(newFile('file-old', { expiresAt: world.clock.now() }));
    expect(await files.delete('proj-other', 'file-gone')).toBe(false);
    expect(await files.delete(world.projectId, 'file-gone')).toBe(true);
    expect(await files.delete(world.projectId, 'file-gone')).toBe(false);
    for (const id of ['file-gone', 'file-old']) {
      expect(await files.get(world.projectId, id)).toBeNull();
      expect((await files.getForJob(world.projectId, id))?.id).toBe(id);
    }
  });
});

describe('models', () => {
  it('that are bases belong to all, and are brought up to date', async () => {
    const { models } = world.db;
    const base = { id: 'shared', artifacts: [{ path: 'config.json', sha256: 'aa', bytes: 1 }], config: { d_model: 64 } };
    await models.upsertBase({ ...base, parameterCount: 1 });
    await models.upsertBase({ ...base, parameterCount: 3_000_000_000 });
    expect(await models.get('shared', 'proj-any')).toMatchObject({ ...base, kind: 'base', projectId: null, parameterCount: 3_000_000_000 });
    expect(await models.delete('shared', 'proj-any')).toBe(false);
  });

  it('that were fine-tuned belong to their project', async () => {
    const { models, jobs } = world.db;
    const { job } = await world.launch(await world.submit());
    const model = { base: 'shared', artifacts: [], config: {}, method: 'lora', ownedBy: 'default' } as const;
    await jobs.applyEvent(
      job.id,
      { type: 'workersSucceeded', fineTunedModel: 'ft:own', trainedTokens: 1 },
      { model: { ...model, artifacts: [] } },
    );
    expect(await models.get('ft:own', 'proj-other')).toBeNull();
    expect((await models.list({ projectId: 'proj-other' })).map(({ id }) => id)).not.toContain('ft:own');
    expect((await models.list({ projectId: world.projectId })).map(({ id }) => id)).toContain('ft:own');
    expect(await models.delete('ft:own', 'proj-other')).toBe(false);
    expect(await models.delete('ft:own', world.projectId)).toBe(true);
    expect(await models.get('ft:own', world.projectId)).toBeNull();
  });
});

describe('a checkpoint', () => {
  it('is a model of its project by its name, whatever becomes of the job', async () => {
    const { models, checkpoints, jobs, reports } = world.db;
    await models.upsertBase({ id: 'shared', artifacts: [], config: { d_model: 64 }, parameterCount: 7 });
    const { job, identity } = await world.launch(await world.submit({ spec: makeJobSpec({ model: 'shared' }) }));
    const adapter = [{ path: 'adapter_model.safetensors', sha256: 'cc', bytes: 3 }];
    const state = { path: 'state', sha256: 'dd', bytes: 4 };
    await reports.append({ identity, reports: numbered(1, { type: 'checkpoint', step: 20, state, adapter, metrics: {} }) });
    await jobs.applyEvent(job.id, { type: 'jobFailed', reason: 'TrainingDiverged', message: 'NaN', exitCode: null });

    const [saved] = (await checkpoints.list(job.id, { limit: 1 })).checkpoints;
    const named = (step: number) => checkpointName({ model: 'shared', checkpointId: saved?.id ?? '', step });
    const facts = { kind: 'fine-tuned', base: 'shared', jobId: job.id, artifacts: adapter, method: 'lora', config: { d_model: 64 } };
    expect(await models.get(named(20), world.projectId)).toMatchObject(facts);
    expect(await models.get(named(21), world.projectId)).toBeNull();
    expect(await models.get(named(20), 'proj-other')).toBeNull();
  });
});

describe('idempotency keys', () => {
  it('are deleted in pages once they are old, and a younger one still gives its job', async () => {
    const { jobs, idempotencyKeys } = world.db;
    const submit = (key: string) => jobs.create(world.newJob({ idempotency: { key, bodyHash: 'h' } }));
    for (const key of ['old-1', 'old-2', 'old-3']) await submit(key);
    await world.clock.advance(1_000);
    const young = await submit('young');
    const options = { before: world.clock.now(), limit: 2 };
    expect([await idempotencyKeys.deleteOlder(options), await idempotencyKeys.deleteOlder(options)]).toEqual([2, 1]);
    expect(await submit('young')).toMatchObject({ created: false, job: { id: young.job.id } });
    expect((await submit('old-1')).created).toBe(true);
  });
});

describe('pools', () => {
  it('keep what their operators set, and refuse a change of what has changed', async () => {
    const { pools } = world.db;
    const id = await world.addPool(2);
    const scaled = await pools.update(id, { maxWorkers: 5, settings: { image: 'a' } }, 0);
    expect(scaled).toMatchObject({ maxWorkers: 5, settings: { image: 'a' }, version: 1 });
    await expect(pools.update(id, { maxWorkers: 9 }, 0)).rejects.toMatchObject({ code: 'conflict' });
    await expect(pools.update('none', { maxWorkers: 9 }, 0)).rejects.toMatchObject({ code: 'not_found' });
    const { version: _version, ...settings } = scaled;
    expect((await pools.ensure({ ...settings, maxWorkers: 2 })).maxWorkers).toBe(5);
    expect((await pools.list()).map((pool) => pool.id)).toContain(id);
  });
});

describe('the ledger', () => {
  it('keeps the newest sign of life of each rank, of open attempts only', async () => {
    const { ledger } = world.db;
    const { job } = await world.launch(await world.submit({ workers: 2 }));
    const attempt = { jobId: job.id, attempt: 1 };
    const at = (seconds: number) => new Date(world.clock.now().getTime() + seconds * 1_000);
    await ledger.heartbeat([
      { ...attempt, rank: 0, at: at(5) },
      { ...attempt, rank: 0, at: at(9) },
      { ...attempt, rank: 1, at: at(1) },
    ]);
    await ledger.heartbeat([
      { ...attempt, rank: 0, at: at(2) },
      { jobId: 'ftjob-none', attempt: 1, rank: 0, at: at(2) },
    ]);
    await ledger.heartbeat([]);
    const [facts] = await ledger.facts([attempt]);
    expect(facts?.heartbeats).toEqual(
      new Map([
        [0, at(9)],
        [1, at(1)],
      ]),
    );
    expect(await ledger.lastHeartbeats([attempt, { jobId: 'ftjob-none', attempt: 1 }])).toHaveLength(2);
  });

  it('forgets a sign of life that was written while its attempt ended, and no other', async () => {
    const { ledger, jobs } = world.db;
    const [ended, open] = [await world.launch(await world.submit()), await world.launch(await world.submit())];
    await jobs.applyEvent(ended.job.id, { type: 'jobFailed', reason: 'TrainerError', message: 'Broken.', exitCode: 1 });
    const client = new pg.Client({ connectionString: world.url });
    await client.connect();
    await client.query('INSERT INTO heartbeats SELECT job_id, attempt, 0, now() FROM attempts WHERE job_id = ANY($1)', [
      [ended.job.id, open.job.id],
    ]);
    await client.end();
    expect(await ledger.forgetEndedHeartbeats()).toBe(1);
    const attempts = [ended, open].map(({ job }) => ({ jobId: job.id, attempt: 1 }));
    expect(await ledger.lastHeartbeats(attempts)).toMatchObject([{ jobId: open.job.id }]);
  });

  it('counts the earlier attempts that ran out of memory', async () => {
    const { ledger, jobs } = world.db;
    const { job } = await world.launch(await world.submit());
    const notBefore = world.clock.now();
    await jobs.applyEvent(job.id, { type: 'attemptFailed', reason: 'OOMKilled', message: 'Too big.', exitCode: 137, notBefore });
    await world.launch((await jobs.get(job.id)) ?? job);
    expect(await ledger.facts([{ jobId: job.id, attempt: 2 }])).toMatchObject([{ attempt: 2, memoryFailures: 1, state: 'intended' }]);
    expect(await ledger.listForJob(job.id)).toMatchObject([
      { attempt: 1, state: 'ended' },
      { attempt: 2, state: 'intended' },
    ]);
  });

  it('pages through open attempts, shows the words of the launcher, and has no orphans', async () => {
    const { ledger } = world.db;
    const { job } = await world.launch(await world.submit());
    await ledger.setStatusMessages([{ jobId: job.id, attempt: 1, message: 'Waiting for a node.\u0000' }]);
    expect((await ledger.get(job.id, 1))?.statusMessage).toBe('Waiting for a node.\uFFFD');
    const all = await ledger.listOpen();
    const [first] = await ledger.listOpen({ limit: 1 });
    const rest = await ledger.listOpen(first === undefined ? {} : { after: first });
    expect([first, ...rest]).toEqual(all);
    expect(all.map(({ jobId }) => jobId)).toContain(job.id);
    expect(await ledger.releaseOrphanedReservations()).toBe(0);
    expect(await ledger.get('ftjob-none', 1)).toBeNull();
  });
});

describe('what a job has written', () => {
  const state = (step: number) => ({ path: 'state', sha256: String(step), bytes: step });

  it('is paged by id: events newest first, checkpoints by step', async () => {
    const { checkpoints, events, reports } = world.db;
    const { job, identity } = await world.launch(await world.submit());
    const saved = [10, 20, 30].map((step): WorkerReport => ({ type: 'checkpoint', step, state: state(step), adapter: [], metrics: {} }));
    await reports.append({ identity, reports: numbered(1, ...saved) });

    const newest = await events.list(job.id, { limit: 2 });
    expect(newest).toMatchObject({ events: [{ data: { step: 30 } }, { data: { step: 20 } }], hasMore: true });
    const older = await events.list(job.id, { limit: 10, after: newest.events[1]?.id });
    expect(older).toMatchObject({ events: [{ data: { step: 10 } }, {}, {}], hasMore: false });
    expect((await events.list(job.id, { limit: 10, after: 'ftevent-nonsense' })).events).toEqual([]);

    const page = await checkpoints.list(job.id, { limit: 2 });
    expect(page).toMatchObject({ checkpoints: [{ step: 30 }, { step: 20 }], hasMore: true });
    expect(await checkpoints.list(job.id, { limit: 2, after: page.checkpoints[1]?.id })).toMatchObject({
      checkpoints: [{ step: 10 }],
      hasMore: false,
    });
    expect((await checkpoints.list('ftjob-other', { limit: 2, after: page.checkpoints[1]?.id })).checkpoints).toEqual([]);
  });

  it('is resumed from the checkpoints whose state was not released, and a state that is saved again is there again', async () => {
    const { checkpoints, reports } = world.db;
    const { job, identity } = await world.launch(await world.submit());
    const save = (step: number): WorkerReport => ({ type: 'checkpoint', step, state: state(step + 700), adapter: [], metrics: {} });
    await reports.append({ identity, reports: numbered(1, save(10), save(20), save(30)) });
    const releasable = await checkpoints.listReleasable(job.id, 1);
    expect(releasable).toMatchObject([
      { sha256: '720', isShared: false },
      { sha256: '710', isShared: false },
    ]);
    await checkpoints.markReleased(releasable.map(({ id }) => id));
    expect((await checkpoints.listForResume(job.id)).map(({ step }) => step)).toEqual([30]);
    expect((await checkpoints.list(job.id, { limit: 9 })).checkpoints).toHaveLength(3);
    await reports.append({ identity, reports: numbered(4, save(20)) });
    expect((await checkpoints.listForResume(job.id)).map(({ step }) => step)).toEqual([30, 20]);
  });

  it('keeps a checkpoint under one id when a resumed attempt saves it again', async () => {
    const { job, identity } = await world.launch(await world.submit());
    const save = (sha256: string, sequence: number) =>
      world.db.reports.append({
        identity,
        reports: numbered(sequence, { type: 'checkpoint', step: 5, state: { ...state(5), sha256 }, adapter: [], metrics: {} }),
      });
    await save('first', 1);
    const [before] = await world.db.checkpoints.listForResume(job.id);
    await save('second', 2);
    expect(await world.db.checkpoints.listForResume(job.id)).toEqual([{ ...before, state: { ...state(5), sha256: 'second' } }]);
  });

  it('includes the output of an attempt that is over', async () => {
    const { job } = await world.launch(await world.submit());
    const line = { jobId: job.id, attempt: 1, rank: 0, level: 'error', message: 'Killed', at: world.clock.now() } as const;
    await world.db.logs.append([line, { ...line, message: 'Bye' }]);
    const [first] = await world.db.logs.list(job.id, { limit: 1, attempt: 1 });
    expect(first).toMatchObject(line);
    expect(await world.db.logs.list(job.id, { limit: 5, after: first?.seq })).toMatchObject([{ message: 'Bye' }]);
  });

  it('numbers a line behind those of whoever holds the job, so that no reader passes it by', async () => {
    const { job, identity } = await world.launch(await world.submit());
    const line = { jobId: job.id, attempt: 1, rank: 0, level: 'error', message: 'Later', at: world.clock.now() } as const;
    const holder = new pg.Client({ connectionString: world.url });
    await holder.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM jobs WHERE id = $1 FOR NO KEY UPDATE', [job.id]);
    const appended = world.db.logs.append([line]);
    await expect.poll(async () => (await holder.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount).toBeGreaterThan(0);
    const insert = `INSERT INTO log_lines (job_id, attempt, rank, level, message, at) VALUES ($1, $2, 0, 'info', 'First', now())`;
    await holder.query(insert, [job.id, identity.attempt]);
    await holder.query('COMMIT');
    await holder.end();
    await appended;
    expect((await world.db.logs.list(job.id, { limit: 5 })).map(({ message }) => message)).toEqual(['First', 'Later']);
  });
});

describe('artifacts of a job', () => {
  it('are those that it has recorded, and nobody else', async () => {
    const { jobArtifacts } = world.db;
    const [job, other] = [await world.submit(), await world.submit()];
    await jobArtifacts.record(job.id, 'a'.repeat(64));
    await jobArtifacts.record(job.id, 'a'.repeat(64));
    expect(await jobArtifacts.notOf(job.id, ['a'.repeat(64), 'b'.repeat(64)])).toEqual(['b'.repeat(64)]);
    expect(await jobArtifacts.notOf(other.id, ['a'.repeat(64)])).toEqual(['a'.repeat(64)]);
  });
});

describe('usage', () => {
  it('adds up over a project and a period', async () => {
    const { id: projectId } = await world.db.projects.ensure('paying');
    for (const seconds of [10, 20]) {
      const { job, identity } = await world.launch(await world.submit({ projectId }));
      await world.db.jobs.markLaunched(job.id, 1);
      await world.db.reports.append({ identity, reports: numbered(1, makeStepReport(1)) });
      await world.clock.advance(seconds * 1_000);
      await world.db.jobs.applyEvent(job.id, { type: 'cancelRequested' });
      await world.db.jobs.applyEvent(job.id, { type: 'workersGone' });
    }
    const to = world.clock.now();
    const from = new Date(to.getTime() - 20_000);
    expect(await world.db.usage.total({ projectId, from, to: new Date(to.getTime() + 1) })).toMatchObject({ gpuSeconds: 30, attempts: 2 });
    expect(await world.db.usage.total({ projectId, from, to })).toMatchObject({ gpuSeconds: 10, attempts: 1 });
    expect(await world.db.usage.total({ projectId: 'proj-other', from, to })).toEqual({ gpuSeconds: 0, costUsd: 0, attempts: 0 });
  });
});
