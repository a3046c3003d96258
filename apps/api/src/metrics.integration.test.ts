import { createTestDatabase } from '@capstan/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BASE_MODEL, startTestApi, type TestApi } from './testing/start-test-api.ts';

const PATIENT = { timeout: 30_000 };

let api: TestApi;
let operator = '';
beforeAll(async () => {
  api = await startTestApi(await createTestDatabase());
  operator = await api.makeKey('operator');
});
afterAll(() => api.close());

const get = (key: string | null) => fetch(`${api.origin}/metrics`, key === null ? {} : { headers: { authorization: `Bearer ${key}` } });

/** `name{labels} value`, as Prometheus reads it. */
const SAMPLE = /^([a-z_]+)(?:\{((?:[a-zA-Z_]+="[^"\\\n]*",?)+)\})? (-?[0-9.e+-]+|NaN|[+-]Inf)$/;

/** Every sample by name and labels; fails on a line that is neither a sample nor a comment. */
async function scrape(): Promise<Map<string, number>> {
  const lines = (await (await get(operator)).text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [, name, labels = '', value] = SAMPLE.exec(line) ?? expect.fail(`not a sample: ${line}`);
      return [`${name}{${labels}}`, Number(value)];
    }),
  );
}

it('requests are counted under the pattern of their route, never under a path', async () => {
  const response = await api.postJson('/fine_tuning/jobs', { model: BASE_MODEL, training_file: await api.trainingFile() });
  const { id } = (await response.json()) as { id: string };
  for (const path of [`/fine_tuning/jobs/${id}`, `/fine_tuning/jobs/${id}`, '/fine_tuning/jobs/nobody', '/no/such/page'])
    await (await api.fetch(path)).arrayBuffer();
  // A request is counted when its connection has seen the end of it, a moment after the client has; the last one ends last.
  const last = 'capstan_http_requests_total{method="GET",route="other",status="404"}';
  await expect.poll(async () => (await scrape()).get(last), PATIENT).toBe(1);
  const samples = await scrape();
  expect(samples.get('capstan_http_requests_total{method="GET",route="/v1/fine_tuning/jobs/:jobId",status="404"}')).toBe(1);
  expect(samples.get('capstan_http_requests_total{method="GET",route="/v1/fine_tuning/jobs/:jobId",status="200"}')).toBe(2);
  expect(samples.get('capstan_http_requests_total{method="POST",route="/v1/fine_tuning/jobs",status="201"}')).toBe(1);
  expect(samples.get('capstan_http_request_seconds_count{method="GET",route="/v1/fine_tuning/jobs/:jobId"}')).toBe(3);
  expect(samples.get('capstan_jobs_created_total{pool="local"}')).toBe(1);
  expect([...samples.keys()].filter((name) => name.includes(id) || name.includes('no/such'))).toEqual([]);
});

it('an event stream counts as open while it lasts, and its length is no latency', async () => {
  const response = await api.postJson('/fine_tuning/jobs', { model: BASE_MODEL, training_file: await api.trainingFile() });
  const { id } = (await response.json()) as { id: string };
  const leaving = new AbortController();
  await api.fetch(`/fine_tuning/jobs/${id}/stream`, { signal: leaving.signal });
  const open = async () => (await scrape()).get('capstan_http_requests_open{}');
  // The stream, and the scrape itself.
  await expect.poll(open, PATIENT).toBe(2);
  leaving.abort();
  await expect.poll(open, PATIENT).toBe(1);
  const samples = await scrape();
  const route = 'method="GET",route="/v1/fine_tuning/jobs/:jobId/stream"';
  expect(samples.get(`capstan_http_requests_total{${route},status="499"}`)).toBe(1);
  expect(samples.get(`capstan_http_request_seconds_count{${route}}`)).toBeUndefined();
});

it('metrics are shown to operators only', async () => {
  expect((await get(null)).status).toBe(401);
  expect((await get(api.key)).status).toBe(403);
  expect((await get(operator)).status).toBe(200);
});
