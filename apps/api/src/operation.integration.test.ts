import { jobObjectSchema } from '@capstan/core';
import { createTestDatabase } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_MODEL, startTestApi, type TestApi } from './testing/start-test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(await createTestDatabase());
});
afterAll(() => api.close());

describe('documentation', () => {
  it('the description and the page that shows it come from this server alone', async () => {
    expect(await (await fetch(`${api.origin}/openapi.json`)).json()).toMatchObject({ openapi: '3.1.0', paths: { '/v1/files': {} } });
    const page = await (await fetch(`${api.origin}/docs/`)).text();
    const assets = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, asset]) => asset ?? '');
    expect(assets.length).toBeGreaterThan(3);
    for (const asset of assets) {
      expect(asset).not.toMatch(/^(https?:)?\/\//);
      expect((await fetch(new URL(asset, `${api.origin}/docs/`))).status).toBe(200);
    }
    expect(await (await fetch(`${api.origin}/docs/swagger-initializer.js`)).text()).toMatch('/openapi.json');
  });
});

describe('API keys', () => {
  it('are made, shown once, listed by their hint, and revoked by an admin of the project', async () => {
    const admin = await api.makeKey('admin');
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ name: 'ci', role: 'submitter' });
    const made = (await (await api.fetch('/api_keys', { key: admin, method: 'POST', headers, body })).json()) as {
      id: string;
      key: string;
      hint: string;
    };
    expect(made.key).toMatch(/^sk-capstan-/);
    expect((await api.fetch('/models', { key: made.key })).status).toBe(200);
    const list = await (await api.fetch('/api_keys', { key: admin })).text();
    expect(list).toContain(made.id);
    expect(list).not.toContain(made.key);
    const stranger = await api.makeKey('admin', 'strangers');
    expect((await api.fetch(`/api_keys/${made.id}`, { key: stranger, method: 'DELETE' })).status).toBe(404);
    expect((await api.fetch(`/api_keys/${made.id}`, { key: admin, method: 'DELETE' })).status).toBe(200);
    expect(await (await api.fetch('/api_keys', { key: admin })).text()).not.toContain(made.id);
  });
});

describe('pools', () => {
  it('are shown with their use, and changed by operators who saw the latest version', async () => {
    const operator = await api.makeKey('operator');
    const patch = (body: object, key: string) =>
      api.fetch('/pools/local', { key, method: 'PATCH', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    const seen = (await (await api.fetch('/pools/local')).json()) as { version: number; max_workers: number };
    expect(seen).toMatchObject({ id: 'local', object: 'pool', max_workers: 2, usage: { reserved: 0, running: 0, queued: 0 } });
    expect((await patch({ paused: true }, api.key)).status).toBe(403);
    expect(await (await patch({ paused: true, version: seen.version }, operator)).json()).toMatchObject({ paused: true });
    const late = await patch({ max_workers: 9, version: seen.version }, operator);
    expect([late.status, late.headers.get('x-should-retry')]).toEqual([409, 'false']);
    const file = await api.trainingFile();
    const job = jobObjectSchema.parse(await (await api.postJson('/fine_tuning/jobs', { model: BASE_MODEL, training_file: file })).json());
    expect(jobObjectSchema.parse(await (await api.fetch(`/fine_tuning/jobs/${job.id}`)).json()).capstan.reason).toBe('PoolPaused');
    await patch({ paused: false }, operator);
    expect(jobObjectSchema.parse(await (await api.fetch(`/fine_tuning/jobs/${job.id}`)).json()).capstan.reason).toBe('Launching');
  });
});

describe('when the queue is away', () => {
  it('a job is created all the same, for its row is the truth; and /readyz says what is wrong', async () => {
    const file = await api.trainingFile();
    await api.queue.close();
    const response = await api.postJson('/fine_tuning/jobs', { model: BASE_MODEL, training_file: file });
    expect(response.status).toBe(201);
    const { id } = jobObjectSchema.parse(await response.json());
    expect((await api.db.jobs.get(id))?.status).toBe('queued');
    const ready = await fetch(`${api.origin}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ status: 'not ready', checks: { database: 'ok', queue: expect.stringMatching(/queue/i) } });
    expect((await fetch(`${api.origin}/healthz`)).status).toBe(200);
  });
});
