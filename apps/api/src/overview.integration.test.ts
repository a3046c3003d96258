import { type CapstanClient, createClient } from '@capstan/client';
import { systemClock } from '@capstan/runtime';
import { createTestDatabase } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_MODEL, startTestApi, type TestApi } from './testing/start-test-api.ts';

let api: TestApi;
let client: CapstanClient;
const ids: string[] = [];

beforeAll(async () => {
  api = await startTestApi(await createTestDatabase());
  client = createClient({ baseUrl: api.url, apiKey: api.key, clock: systemClock });
  const training_file = await api.trainingFile();
  for (const suffix of ['first_%', 'second', 'third'])
    ids.push((await client.jobs.create({ model: BASE_MODEL, training_file, suffix })).id);
  const [first = '', second = ''] = ids;
  await api.apply(first, { type: 'launched' }, { type: 'workersReady' });
  await api.apply(second, { type: 'launched' }, { type: 'jobFailed', reason: 'TrainerError', message: 'It broke.', exitCode: 1 });
});
afterAll(() => api.close());

describe('the overview of a project', () => {
  it('counts its jobs by state, its failures by reason, and its hours', async () => {
    const overview = await client.overview.retrieve();
    expect(overview.states).toMatchObject({ queued: 1, running: 1, failed: 1, succeeded: 0 });
    expect(overview.failures).toEqual([{ reason: 'TrainerError', jobs: 1 }]);
    expect(overview.hours).toHaveLength(24);
    expect(overview.hours.reduce((sum, { created }) => sum + created, 0)).toBe(3);
    expect(overview.hours.findLast(({ wait_seconds: wait }) => wait !== null)?.wait_seconds).toBeGreaterThanOrEqual(0);
    expect(overview.hours.at(-1)?.queued).toBe(1);
  });

  it("holds nothing of another project's", async () => {
    const stranger = createClient({ baseUrl: api.url, apiKey: await api.makeKey('viewer', 'other'), clock: systemClock });
    const overview = await stranger.overview.retrieve();
    expect([Object.values(overview.states).every((jobs) => jobs === 0), overview.failures]).toEqual([true, []]);
  });
});

describe('the list of jobs', () => {
  const found = async (query: Parameters<CapstanClient['jobs']['list']>[0]) => (await client.jobs.list(query)).data.map(({ id }) => id);

  it('is searched by the beginning of an id and by a part of a suffix, letter by letter', async () => {
    expect(await found({ search: ids[1]?.slice(0, 20) })).toEqual([ids[1]]);
    expect(await found({ search: 'SECO' })).toEqual([ids[1]]);
    expect(await found({ search: '_%' })).toEqual([ids[0]]);
    expect(await found({ search: 'nothing like it' })).toEqual([]);
  });

  it('is narrowed to a base model', async () => {
    expect(await found({ model: BASE_MODEL })).toHaveLength(3);
    expect(await found({ model: 'another' })).toEqual([]);
  });
});
