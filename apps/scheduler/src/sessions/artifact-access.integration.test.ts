import { isArtifactLost } from '@capstan/core';
import { connectWorker, type WorkerConnection } from '@capstan/proto';
import { systemClock } from '@capstan/runtime';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeWorld, QUICK_SETTINGS, type World } from '../testing/make-world.ts';
import { makeWorkerToken } from '../worker-token.ts';

describe('artifacts over gRPC', () => {
  let world: World;
  let port: number;
  const connections: WorkerConnection[] = [];
  beforeAll(async () => {
    world = await makeWorld({ maxWorkers: 10 });
    // Nothing is launched: the test itself is the rank.
    ({ port } = await world.startScheduler({ launcher: { ...world.launcher, launch: async () => undefined } }));
  });
  afterEach(async () => {
    for (const connection of connections.splice(0)) await connection.close();
  });
  afterAll(() => world.close());

  async function becomeRank(): Promise<WorkerConnection> {
    const jobId = await world.submit({ script: 'endless' });
    const { epoch } = await world.until(jobId, 'starting');
    const identity = { jobId, attempt: 1, epoch, rank: 0 };
    const connection = connectWorker({
      ...{ address: `127.0.0.1:${port}`, token: makeWorkerToken({ kind: 'train', ...identity }, QUICK_SETTINGS.workerTokenSecret) },
      ...{ identity, clock: systemClock, random: Math.random, signal: new AbortController().signal },
    });
    connections.push(connection);
    return connection;
  }

  async function read(connection: WorkerConnection, sha256: string): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of connection.readArtifact(sha256)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  it('give a rank the model, the dataset and the checkpoints of its own job', async () => {
    const rank = await becomeRank();
    const { baseModel, trainingFile } = await rank.assignment();
    expect(await read(rank, trainingFile.sha256)).toBe('{"messages":[]}\n');
    expect(await read(rank, baseModel[0]?.sha256 ?? '')).toBe('{"messages":[]}\n');
    const state = await rank.writeArtifact(Buffer.from('my state'));
    rank.report({ type: 'checkpoint', step: 1, state: { path: 'state', ...state }, adapter: [], metrics: {} });
    await rank.flushed();
    expect(await read(rank, state.sha256)).toBe('my state');
  });

  it('say of a checkpoint whose file was damaged that it is lost, so that the rank takes the one before', async () => {
    const rank = await becomeRank();
    await rank.assignment();
    const state = await rank.writeArtifact(Buffer.from('a state that will rot'));
    rank.report({ type: 'checkpoint', step: 1, state: { path: 'state', ...state }, adapter: [], metrics: {} });
    await rank.flushed();
    await world.damageArtifact(state.sha256);
    await expect(read(rank, state.sha256)).rejects.toSatisfy(isArtifactLost);
  });

  it('hide the checkpoints of another job as if they did not exist', async () => {
    const [owner, other] = [await becomeRank(), await becomeRank()];
    const state = await owner.writeArtifact(Buffer.from('a secret state'));
    owner.report({ type: 'checkpoint', step: 1, state: { path: 'state', ...state }, adapter: [], metrics: {} });
    await owner.flushed();
    await other.assignment();
    await expect(read(other, state.sha256)).rejects.toMatchObject({ code: 'not_found' });
    await expect(read(other, '0'.repeat(64))).rejects.toMatchObject({ code: 'not_found' });
  });

  it('refuse a report that names what its job has not written', async () => {
    const [owner, other] = [await becomeRank(), await becomeRank()];
    const state = await owner.writeArtifact(Buffer.from('not yours'));
    await other.assignment();
    other.report({ type: 'checkpoint', step: 1, state: { path: 'state', ...state }, adapter: [], metrics: {} });
    await expect(other.flushed()).rejects.toMatchObject({ code: 'not_found' });
  });
});
