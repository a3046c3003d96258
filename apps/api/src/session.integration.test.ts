import { SESSION_HEADER } from '@capstan/core';
import { createTestDatabase } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from './testing/start-test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi(await createTestDatabase());
});
afterAll(() => api.close());

const ours = { [SESSION_HEADER]: '1' };

function logIn(key: string, headers: Record<string, string> = ours) {
  return fetch(`${api.url}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ api_key: key }),
  });
}

async function cookieOf(key: string): Promise<string> {
  return (await logIn(key)).headers.getSetCookie()[0]?.split(';')[0] ?? expect.fail('no cookie was set');
}

const ask = (path: string, cookie: string, init: { method?: string; headers?: Record<string, string> } = {}) =>
  fetch(`${api.url}${path}`, { method: 'GET', ...init, headers: { cookie, ...init.headers } });

describe('a session', () => {
  it('begins with a key and says what that key may do', async () => {
    const response = await logIn(await api.makeKey('operator'));
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      object: 'session',
      role: 'operator',
      project: { name: 'default' },
      key: { name: 'operator' },
    });
  });

  it('lives in a cookie that neither scripts nor other sites can use', async () => {
    const [cookie = ''] = (await logIn(api.key)).headers.getSetCookie();
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; SameSite=Strict/);
    expect(cookie).not.toContain(api.key);
    expect(cookie).not.toMatch(/Secure/);
    const [behindHttps] = (await logIn(api.key, { ...ours, 'x-forwarded-proto': 'https' })).headers.getSetCookie();
    expect(behindHttps).toMatch(/; Secure/);
  });

  it('stands for its key', async () => {
    const cookie = await cookieOf(api.key);
    expect((await ask('/fine_tuning/jobs', cookie)).status).toBe(200);
    expect(await (await ask('/session', cookie)).json()).toMatchObject({ role: 'submitter', key: { hint: api.key.slice(-4) } });
    expect((await ask('/api_keys', cookie)).status).toBe(403);
  });

  it('changes nothing for a page of another site, which cannot send the header', async () => {
    const cookie = await cookieOf(api.key);
    const cancel = '/fine_tuning/jobs/ftjob-none/cancel';
    const forged = await ask(cancel, cookie, { method: 'POST' });
    expect([forged.status, ((await forged.json()) as { error: { code: string } }).error.code]).toEqual([403, 'missing_session_header']);
    expect((await ask(cancel, cookie, { method: 'POST', headers: ours })).status).toBe(404);
    expect((await logIn(api.key, {})).status).toBe(403);
  });

  it('ends when it is ended, and only then', async () => {
    const cookie = await cookieOf(api.key);
    expect((await ask('/session', cookie, { method: 'DELETE' })).status).toBe(403);
    const ended = await ask('/session', cookie, { method: 'DELETE', headers: ours });
    expect([ended.status, ended.headers.getSetCookie()[0]]).toEqual([200, expect.stringMatching(/^capstan_session=;/)]);
    expect((await ask('/session', cookie)).status).toBe(401);
  });

  it('ends with its key', async () => {
    const key = await api.makeKey('viewer');
    const cookie = await cookieOf(key);
    const keys = await api.db.apiKeys.list(api.projectId);
    await api.db.apiKeys.revoke(api.projectId, keys.find(({ hint }) => hint === key.slice(-4))?.id ?? '');
    expect((await ask('/session', cookie)).status).toBe(401);
  });

  it('does not begin with a key that nobody knows', async () => {
    const response = await logIn('sk-capstan-unknown');
    expect([response.status, response.headers.getSetCookie()]).toEqual([401, []]);
  });
});

describe('who asks', () => {
  it('is told to a key too', async () => {
    expect(await (await api.fetch('/session')).json()).toMatchObject({ object: 'session', role: 'submitter' });
  });
});
