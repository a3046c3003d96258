import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express, { Router } from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dashboardRoutes } from './routes/dashboard.ts';

const folder = mkdtempSync(join(tmpdir(), 'capstan-dashboard-'));
let origin = '';
let close = () => {};

beforeAll(async () => {
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<title>Capstan</title>');
  writeFileSync(join(folder, 'assets', 'page-abc.js'), 'export {};');
  const router = Router();
  dashboardRoutes(router, folder);
  const server = express().use(router).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = () => server.close();
});
afterAll(() => {
  close();
  rmSync(folder, { recursive: true });
});

const get = (path: string, accept = 'text/html') => fetch(`${origin}${path}`, { headers: { accept } });

describe('the built dashboard', () => {
  it.each(['/', '/jobs', '/jobs/ftjob-1?compare=2'])('answers %s with its page, which is asked for anew every time', async (path) => {
    const response = await get(path);
    expect([response.status, await response.text()]).toEqual([200, '<title>Capstan</title>']);
    expect(response.headers.get('cache-control')).toBe('no-cache');
  });

  it('runs no script but its own, in no frame of another site', async () => {
    const policy = (await get('/')).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/script-src|unsafe-eval/);
  });

  it('lets browsers keep what is named by its content', async () => {
    const response = await get('/assets/page-abc.js', '*/*');
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
  });

  it('sends scripts gzipped to those who understand it, and as they are to others', async () => {
    const asked = async (encoding: string) => {
      const response = await fetch(`${origin}/assets/page-abc.js`, { headers: { 'accept-encoding': encoding } });
      return [response.headers.get('content-encoding'), response.headers.get('content-type'), await response.text()];
    };
    const type = 'text/javascript; charset=utf-8';
    expect(await asked('gzip')).toEqual(['gzip', type, 'export {};']);
    expect(await asked('gzip')).toEqual(['gzip', type, 'export {};']);
    expect(await asked('identity')).toEqual([null, type, 'export {};']);
  });

  it.each([
    ['/v1/nothing', 'text/html'],
    ['/assets/gone.js', '*/*'],
    ['/jobs', 'application/json'],
  ])('is not the answer to %s for %s', async (path, accept) => {
    expect((await get(path, accept)).status).toBe(404);
  });
});
