import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from './process-identity.ts';
import { startEmbeddedPostgres } from './start-embedded-postgres.ts';
import { waitUntil } from './wait-until.ts';

const FAST = { fsync: 'off' };
const { signal } = new AbortController();
/** Generous: the machine may be busy with other suites. */
const GONE_MS = 20_000;
let dataDir: string;
let owner: ChildProcess | undefined;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'capstan-postgres-'));
  await chmod(dataDir, 0o755);
});
afterEach(() => {
  owner?.kill('SIGKILL');
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

/** A process that starts Postgres in `dataDir` and then does nothing until it is killed; resolves with the pid of its Postgres. */
async function startOwner(): Promise<number> {
  const program = join(dataDir, 'owner.mjs');
  const module = fileURLToPath(new URL('./start-embedded-postgres.ts', import.meta.url));
  const options = JSON.stringify({ dataDir, settings: FAST });
  await writeFile(
    program,
    `import { startEmbeddedPostgres } from ${JSON.stringify(module)};
     const { pid } = await startEmbeddedPostgres({ ...${options}, signal: new AbortController().signal });
     console.log(pid); setInterval(() => {}, 1000);`,
  );
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), program], { stdio: ['ignore', 'pipe', 'inherit'] });
  owner = child;
  return new Promise((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => resolve(Number(line.toString())));
    child.once('exit', () => reject(new Error('The owner ended before its Postgres was ready.')));
  });
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
    const postgresPid = await startOwner();
    const start = () => startEmbeddedPostgres({ dataDir, signal, settings: FAST });
    await expect(start()).rejects.toThrow(`process ${owner?.pid} uses this directory`);
    owner?.kill('SIGKILL');
    expect(await waitUntil(() => !isAlive(owner?.pid ?? 0), GONE_MS)).toBe(true);
    const next = await start();
    expect(isAlive(postgresPid)).toBe(false);
    await next.stop();
  });

  it('does not outlive an owner that was killed', async () => {
    const postgresPid = await startOwner();
    owner?.kill('SIGKILL');
    expect(await waitUntil(() => !isAlive(postgresPid), GONE_MS)).toBe(true);
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
