import { type CapstanClient, createClient } from '@capstan/client';
import type { JobObject } from '@capstan/core';
import { systemClock } from '@capstan/runtime';
import { createTestDatabase } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_MODEL, startTestApi, type TestApi } from './testing/start-test-api.ts';

let api: TestApi;
let client: CapstanClient;
const jobs: string[] = [];

/** One job runs on each of the two slots, and four wait. */
beforeAll(async () => {
  api = await startTestApi(await createTestDatabase());
  client = createClient({ baseUrl: api.url, apiKey: api.key, clock: systemClock });
  const request = { model: BASE_MODEL, training_file: await api.trainingFile(), capstan: { training: { max_steps: 10 } } };
  for (let count = 0; count < 6; count++) jobs.push((await client.jobs.create(request)).id);
  for (const id of jobs.slice(0, 2)) await api.apply(id, { type: 'launched' }, { type: 'workersReady' });
});
afterAll(() => api.close());

const whyOf = ({ capstan: { reason, position, ahead, eta } }: JobObject) => ({ reason, position, ahead, eta });

describe('why a job is pending', () => {
  it('is its reason, place and start, likely and slow, as the forecast of the pool has them', async () => {
    const { queue } = await client.pools.forecast('local');
    const starts = queue.map(({ starts_in_seconds: start }) => start);
    for (const [index, id] of jobs.slice(2).entries()) {
      const { reason, position, ahead, eta } = whyOf(await client.jobs.retrieve(id));
      expect({ reason, position, ahead }).toEqual({
        reason: index === 0 ? 'NoCapacity' : 'QueuedBehindOthers',
        position: index + 1,
        ahead: index,
      });
      // A second may have passed between the two.
      expect(Math.abs((eta?.p50 ?? Number.NaN) - (starts[index]?.p50 ?? Number.NaN))).toBeLessThanOrEqual(5);
      expect(eta?.p90).toBeGreaterThanOrEqual(eta?.p50 ?? Number.NaN);
    }
  });

  it('is told in lists too, and nothing of it for a job that runs', async () => {
    const listed = new Map((await client.jobs.list()).data.map((job) => [job.id, whyOf(job)]));
    expect(listed.get(jobs[5] ?? '')).toMatchObject({
      reason: 'QueuedBehindOthers',
      position: 4,
      ahead: 3,
      eta: { p50: expect.any(Number) },
    });
    expect(listed.get(jobs[0] ?? '')).toEqual({ reason: null, position: null, ahead: null, eta: null });
  });

  it('follows the pool at once: a paused one starts nothing', async () => {
    const { version } = await client.pools.retrieve('local');
    const operator = createClient({ baseUrl: api.url, apiKey: await api.makeKey('operator'), clock: systemClock });
    await operator.pools.update('local', { paused: true, version });
    expect(whyOf(await client.jobs.retrieve(jobs[3] ?? ''))).toEqual({ reason: 'PoolPaused', position: 2, ahead: 1, eta: null });
    const { data } = await client.jobs.list({ state: 'queued' });
    expect(data.map(whyOf)).toMatchObject(data.map(() => ({ reason: 'PoolPaused', eta: null })));
  });
});
