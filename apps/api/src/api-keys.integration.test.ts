import { type CapstanClient, createClient } from '@capstan/client';
import { systemClock } from '@capstan/runtime';
import { createTestDatabase } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from './testing/start-test-api.ts';

let api: TestApi;
let admin: CapstanClient;

beforeAll(async () => {
  api = await startTestApi(await createTestDatabase());
  admin = createClient({ baseUrl: api.url, apiKey: await api.makeKey('admin'), clock: systemClock });
});
afterAll(() => api.close());

describe('a key', () => {
  it('leaves a trace of who made and who revoked it, once each, and its secret nowhere', async () => {
    const { id, key = '' } = await admin.apiKeys.create({ name: 'ci', role: 'submitter' });
    await admin.apiKeys.delete(id);
    await admin.apiKeys.delete(id);
    await expect(admin.apiKeys.delete('key-none')).rejects.toMatchObject({ status: 404 });
    const { data } = await admin.audit.list();
    const who = { key: { name: 'admin' }, subject: id };
    expect(data).toMatchObject([
      { ...who, action: 'api_key.revoke', before: { name: 'ci', role: 'submitter' }, after: {} },
      { ...who, action: 'api_key.create', before: {}, after: { name: 'ci', role: 'submitter', projectId: api.projectId } },
    ]);
    expect(JSON.stringify(data)).not.toContain(key);
  });
});
