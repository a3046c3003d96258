import type { ArtifactRef } from '@capstan/core';
import { connectWorker, type WorkerConnection } from '@capstan/proto';
import { systemClock } from '@capstan/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeWorld, QUICK_SETTINGS, type World } from '../testing/make-world.ts';
import { makeWorkerToken } from '../worker-token.ts';

const PATIENT = { timeout: 30_000 };

describe('a job whose base is replaced', { timeout: 60_000 }, () => {
  let world: World;
  let port: number;
  beforeEach(async () => {
    world = await makeWorld();
    // Nothing is launched: the test itself is the rank.
    ({ port } = await world.startScheduler({ launcher: { ...world.launcher, launch: async () => undefined } }));
  });
  afterEach(() => world.close());

  async function putBase(weights: string): Promise<ArtifactRef[]> {
    const content = async function* () {
      yield Buffer.from(weights);
    };
    const artifacts = [{ path: 'model.safetensors', ...(await world.artifacts.put(content())) }];
    await world.db.models.upsertBase({ id: 'base', artifacts, config: {}, parameterCount: 1 });
    return artifacts;
  }

  async function becomeRank(jobId: string, attempt: number): Promise<WorkerConnection> {
    const { epoch } = await world.until(jobId, (job) => job.status === 'starting' && job.attempt === attempt);
    const identity = { jobId, attempt, epoch, rank: 0 };
    return connectWorker({
      ...{ address: `127.0.0.1:${port}`, token: makeWorkerToken({ kind: 'train', ...identity }, QUICK_SETTINGS.workerTokenSecret) },
      ...{ identity, clock: systemClock, random: Math.random, signal: new AbortController().signal },
    });
  }

  async function read(rank: WorkerConnection, [file]: ArtifactRef[]): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of rank.readArtifact(file?.sha256 ?? '')) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  it('goes on with the files that it began with, which are kept until it has ended', async () => {
    const before = await putBase('the weights of old');
    const jobId = await world.submit({ script: 'endless', baseModel: before });
    const first = await becomeRank(jobId, 1);
    expect((await first.assignment()).baseModel).toEqual(before);
    await world.db.jobs.applyEvent(jobId, { type: 'pauseRequested' });
    await world.until(jobId, 'paused');
    await first.close();

    const unused = await putBase('weights that no job began with');
    const after = await putBase('other weights');
    await world.ageArtifacts();
    const isKept = async ([file]: ArtifactRef[]) => (await world.artifacts.stat(file?.sha256 ?? '')) !== null;
    await expect.poll(() => isKept(unused), PATIENT).toBe(false);
    expect([await isKept(before), await isKept(after)]).toEqual([true, true]);

    await world.db.jobs.applyEvent(jobId, { type: 'resumeRequested' });
    await world.enqueue(jobId);
    const second = await becomeRank(jobId, 2);
    expect((await second.assignment()).baseModel).toEqual(before);
    expect(await read(second, before)).toBe('the weights of old');
    await world.db.jobs.applyEvent(jobId, { type: 'cancelRequested' });
    await world.until(jobId, 'cancelled');
    await expect.poll(() => isKept(before), PATIENT).toBe(false);
    await second.close();
  });

  it('gets what there is where an earlier release took it in, without the files of its base', async () => {
    await putBase('the weights of old');
    const jobId = await world.submit({ script: 'endless' });
    const after = await putBase('other weights');
    const rank = await becomeRank(jobId, 1);
    expect((await rank.assignment()).baseModel).toEqual(after);
    await rank.close();
  });
});
