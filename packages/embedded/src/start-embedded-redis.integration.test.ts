import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive } from './process-identity.ts';
import { startEmbeddedRedis } from './start-embedded-redis.ts';

const { signal } = new AbortController();
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'capstan-redis-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true, maxRetries: 10 }));

describe('startEmbeddedRedis', () => {
  it('is null where no server program is installed', async () => {
    expect(await startEmbeddedRedis({ dataDir, searchPath: dataDir, signal })).toBeNull();
  });

  it('starts behind a password where there is a program, and is gone after stop', async () => {
    const service = await startEmbeddedRedis({ dataDir, signal });
    const isInstalled = service !== null;
    if (isInstalled) {
      expect(service.url).toMatch(/^redis:\/\/:[0-9a-f]{48}@127\.0\.0\.1:\d+$/);
      expect(isAlive(service.pid)).toBe(true);
      await service.stop();
      expect(isAlive(service.pid)).toBe(false);
    }
    expect(await startEmbeddedRedis({ dataDir, searchPath: '', signal })).toBeNull();
  });
});
