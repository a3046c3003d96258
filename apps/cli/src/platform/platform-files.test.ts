import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { choosePorts } from './choose-ports.ts';
import { readCredentials, writeCredentials } from './credentials.ts';
import { boundLogFile, readLastLines } from './log-file.ts';
import { readLockHolder, takePlatformLock } from './platform-lock.ts';
import { loadOrMakeSecrets } from './secrets.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('secrets', () => {
  it('are made once, for their owner only', () => {
    const path = join(folder, 'secrets.json');
    const first = loadOrMakeSecrets(path);
    expect(first.apiKey).toMatch(/^sk-capstan-[\w-]{43}$/);
    expect(loadOrMakeSecrets(path)).toEqual(first);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('are never replaced when their file is damaged', () => {
    const path = join(folder, 'secrets.json');
    writeFileSync(path, '{');
    expect(() => loadOrMakeSecrets(path)).toThrow(/damaged/);
    expect(readFileSync(path, 'utf8')).toBe('{');
  });
});

describe('credentials', () => {
  it('are read back, and a damaged file is as none', () => {
    const path = join(folder, 'credentials.json');
    expect(readCredentials(path)).toBeNull();
    writeCredentials(path, { baseUrl: 'http://x/v1', apiKey: 'k' });
    expect(readCredentials(path)).toEqual({ baseUrl: 'http://x/v1', apiKey: 'k' });
    writeFileSync(path, '[]');
    expect(readCredentials(path)).toBeNull();
  });
});

describe('the lock of a data directory', () => {
  const path = () => join(folder, 'platform.lock');

  it('is held by one platform, and the next is told its pid', () => {
    const lock = takePlatformLock(path());
    expect(readLockHolder(path())?.pid).toBe(process.pid);
    expect(() => takePlatformLock(path())).toThrow(new RegExp(`already running.*pid ${process.pid}`));
    lock.release();
    expect(readLockHolder(path())).toBeNull();
    takePlatformLock(path()).release();
  });

  it.each([
    ['a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, startTicks: 1 })],
    ['another process that was given its pid', JSON.stringify({ pid: process.pid, startTicks: 1 })],
    ['nobody who can be read', 'garbage'],
  ])('is taken over from %s', (_title, content) => {
    writeFileSync(path(), content);
    expect(readLockHolder(path())).toBeNull();
    takePlatformLock(path()).release();
    expect(existsSync(path())).toBe(false);
  });
});

describe('ports', () => {
  const HOST = '127.0.0.1';
  const servers: Server[] = [];
  const occupy = (port: number) =>
    new Promise<void>((resolve) => {
      const server = createServer();
      servers.push(server);
      server.listen(port, HOST, resolve);
    });
  afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve)))));

  it('stay the same from one start to the next', async () => {
    const path = join(folder, 'ports.json');
    const first = await choosePorts(path, { host: HOST, api: 0, grpc: 0 });
    expect(await choosePorts(path, { host: HOST })).toEqual(first);
  });

  it('change when another program has taken one', async () => {
    const path = join(folder, 'ports.json');
    const first = await choosePorts(path, { host: HOST, api: 0, grpc: 0 });
    await occupy(first.grpc);
    const second = await choosePorts(path, { host: HOST, grpc: 0 });
    expect(second.api).toBe(first.api);
    expect(second.grpc).not.toBe(first.grpc);
  });

  it('are refused when a person asked for one that is taken', async () => {
    const path = join(folder, 'ports.json');
    const { api } = await choosePorts(path, { host: HOST, api: 0, grpc: 0 });
    await occupy(api);
    await expect(choosePorts(path, { host: HOST, api })).rejects.toThrow(`Port ${api} is taken`);
  });
});

describe('logs of services', () => {
  it('start again beyond their bound, and what was there is kept once', () => {
    const path = join(folder, 'api.log');
    writeFileSync(path, 'x'.repeat(100));
    boundLogFile(path, 100);
    expect(statSync(path).size).toBe(100);
    boundLogFile(path, 99);
    expect(statSync(path).size).toBe(0);
    expect(readFileSync(`${path}.1`, 'utf8')).toHaveLength(100);
  });

  it('are quoted from their end', () => {
    const path = join(folder, 'api.log');
    expect(readLastLines(path, 2)).toEqual([]);
    writeFileSync(path, 'a\nb\nc\n');
    expect(readLastLines(path, 2)).toEqual(['b', 'c']);
  });
});
