import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@capstan/runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isSameProcessAlive, type ProcessIdentity } from './process-identity.ts';
import { ServiceProcess } from './service-process.ts';

let folder: string;
let service: ServiceProcess;
let said: string[];
let spawns: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-service-'));
  said = [];
  spawns = 0;
});
afterEach(async () => {
  service.kill();
  await service.stop();
  rmSync(folder, { recursive: true, force: true });
});

function start(program: string): void {
  service = new ServiceProcess({
    name: 'test service',
    command: [process.execPath, '-e', program],
    environment: { PATH: process.env.PATH },
    logFile: join(folder, 'service.log'),
    clock: systemClock,
    announce: (message) => said.push(message),
    onSpawn: () => {
      spawns += 1;
    },
  });
  service.start();
}

const SERVE = `process.on('SIGTERM', () => { console.log('goodbye'); process.exit(0) }); console.log('hello'); setInterval(() => {}, 1000)`;
const log = () => readFileSync(join(folder, 'service.log'), 'utf8');
const identity = () => service.identity as ProcessIdentity;

describe('a service that is kept running', () => {
  it('is asked to stop, and then is gone', async () => {
    start(SERVE);
    await vi.waitFor(() => expect(log()).toContain('hello'), 5_000);
    const before = identity();
    await service.stop();
    expect(isSameProcessAlive(before)).toBe(false);
    expect(log()).toContain('goodbye');
    expect(said).toEqual([]);
  });

  it('is started again when it is killed, and that is said', async () => {
    start(SERVE);
    const before = identity();
    process.kill(before.pid, 'SIGKILL');
    await vi.waitFor(() => expect(service.identity?.pid ?? before.pid).not.toBe(before.pid), 5_000);
    expect(said).toEqual([expect.stringContaining('The test service ended unexpectedly (signal SIGKILL)')]);
    expect(service.deathsInARow).toBe(1);
  });

  it('takes longer and longer between starts when it keeps dying', async () => {
    start('process.exit(3)');
    await vi.waitFor(() => expect(service.deathsInARow).toBeGreaterThanOrEqual(3), 10_000);
    expect(said[0]).toContain('exit status 3');
    const before = spawns;
    await service.stop();
    expect(spawns).toBe(before);
  });

  it('is replaced by a restart, which is no death', async () => {
    start(SERVE);
    await vi.waitFor(() => expect(log()).toContain('hello'), 5_000);
    const before = identity();
    await service.restart();
    expect(isSameProcessAlive(before)).toBe(false);
    expect(isSameProcessAlive(identity())).toBe(true);
    expect(said).toEqual([]);
  });

  it('leaves nothing of its process group behind', async () => {
    const child = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })`;
    start(`const child = ${child}; console.log('child', child.pid); setInterval(() => {}, 1000)`);
    await vi.waitFor(() => expect(log()).toMatch(/child \d+/), 5_000);
    const pid = Number(/child (\d+)/.exec(log())?.[1]);
    await service.stop();
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), 5_000);
  });

  it('does not outlive a platform that was killed', async () => {
    start(SERVE);
    const module = JSON.stringify(join(import.meta.dirname, 'guard-process.ts'));
    const program = `const { guardProcess } = await import(${module}); guardProcess(${identity().pid}); process.kill(process.pid, 'SIGKILL')`;
    await vi.waitFor(() => expect(log()).toContain('hello'), 5_000);
    spawnSync(process.execPath, ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', program], {
      stdio: 'ignore',
      timeout: 20_000,
    });
    await vi.waitFor(() => expect(log()).toContain('goodbye'), 5_000);
  });

  it('gives up at once when the program cannot be started', async () => {
    start(SERVE);
    await service.stop();
    service = new ServiceProcess({
      name: 'missing',
      command: [join(folder, 'no-such-program')],
      environment: {},
      logFile: join(folder, 'missing.log'),
      clock: systemClock,
      announce: (message) => said.push(message),
      onSpawn: () => {},
    });
    service.start();
    await vi.waitFor(() => expect(service.deathsInARow).toBeGreaterThanOrEqual(1), 5_000);
    expect(service.identity).toBeNull();
  });
});
