import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from './process-identity.ts';
import { startEmbeddedPostgres } from './start-embedded-postgres.ts';
import { waitUntil } from './wait-until.ts';

const FAST = { fsync: 'off' };
const { signal } = new AbortController();
let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'capstan-postgres-'));
  await chmod(dataDir, 0o755);
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

/** A process that starts Postgres in `dataDir`, prints its pid, and waits to be killed. */
async function startOwner(): Promise<{ ownerPid: number; postgresPid: number; end(): void }> {
  const program = join(dataDir, 'owner.mjs');
  const module = fileURLToPath(new URL('./start-embedded-postgres.ts', import.meta.url));
  const options = JSON.stringify({ dataDir, settings: FAST });
  await writeFile(
    program,
    `import { startEmbeddedPostgres } from ${JSON.stringify(module)};
     const { pid } = await startEmbeddedPostgres({ ...${options}, signal: new AbortController().signal });
     console.log(pid); setInterval(() => {}, 1000);`,
  );
  const owner = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<Buffer>((resolve) => owner.stdout.once('data', resolve));
  return { ownerPid: owner.pid ?? 0, postgresPid: Number(line.toString()), end: () => owner.kill('SIGKILL') };
}

describe('startEmbeddedPostgres', () => {
  it('starts, keeps its data over a restart, and is gone after stop', async () => {
    const first = await startEmbeddedPostgres({ dataDir, signal, settings: FAST });
    expect(first.url).toMatch(/^postgresql:\/\/capstan:[0-9a-f]{48}@127\.0\.0\.1:\d+\/postgres$/);
    await Promise.all([first.stop(), first.stop()]);
    expect(isAlive(first.pid)).toBe(false);
    const second = await startEmbeddedPostgres({ dataDir, signal, settings: FAST });
    await second.stop();
    expect(new URL(second.url).password).toBe(new URL(first.url).password);
  });

  it('refuses a directory that another living process uses, and ends what a killed one left', async () => {
    const owner = await startOwner();
    await expect(startEmbeddedPostgres({ dataDir, signal, settings: FAST })).rejects.toThrow(
      `process ${owner.ownerPid} uses this directory`,
    );
    owner.end();
    expect(await waitUntil(() => !isAlive(owner.ownerPid), 5_000)).toBe(true);
    const next = await startEmbeddedPostgres({ dataDir, signal, settings: FAST });
    expect(isAlive(owner.postgresPid)).toBe(false);
    await next.stop();
  });

  it('does not outlive an owner that was killed', async () => {
    const owner = await startOwner();
    owner.end();
    expect(await waitUntil(() => !isAlive(owner.postgresPid), 15_000)).toBe(true);
  });

  it('starts where a pid file names a number that is now another program', async () => {
    const first = await startEmbeddedPostgres({ dataDir, signal, settings: FAST });
    await first.stop();
    await writeFile(join(dataDir, 'cluster', 'data', 'postmaster.pid'), `${process.ppid}\n${dataDir}\n1\n5432\n\n\n\nready\n`);
    const second = await startEmbeddedPostgres({ dataDir, signal, settings: FAST });
    await second.stop();
    expect(isAlive(process.ppid)).toBe(true);
  });

  it('says what Postgres said when it does not start, and frees the directory', async () => {
    const start = (settings: Record<string, string>) => startEmbeddedPostgres({ dataDir, signal, settings });
    await expect(start({ max_connections: 'many' })).rejects.toThrow(/max_connections/);
    await (await start(FAST)).stop();
  });

  it('leaves no process when it is stopped while it starts', async () => {
    const controller = new AbortController();
    const starting = startEmbeddedPostgres({ dataDir, signal: controller.signal, settings: FAST });
    setImmediate(() => controller.abort(new Error('not now')));
    await expect(starting).rejects.toThrow('not now');
    await (await startEmbeddedPostgres({ dataDir, signal, settings: FAST })).stop();
  });

  it.runIf(process.getuid?.() === 0)('keeps its data elsewhere when its user may not enter the directory', async () => {
    const closed = join(dataDir, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const service = await startEmbeddedPostgres({ dataDir: closed, signal, settings: FAST });
    await service.stop();
    const home = await readFile(join(closed, 'location'), 'utf8');
    expect(home).toMatch(/^\/var\/lib\/capstan\/data-/);
    await rm(home, { recursive: true, force: true });
  });
});
