import { createQueue } from '@capstan/queue';
import { systemClock } from '@capstan/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scheduler } from './scheduler.ts';
import { type HealthServer, serveHealth } from './serve-health.ts';
import { countOf } from './testing/count-of.ts';
import { makeWorld, type World } from './testing/make-world.ts';

/** `name{labels} value`, as Prometheus reads it. */
const SAMPLE = /^([a-z_]+)(?:\{((?:[a-zA-Z_]+="[^"\\\n]*",?)+)\})? (-?[0-9.e+]+|NaN|[+-]Inf)$/;

describe('the health port of a scheduler', { timeout: 60_000 }, () => {
  let world: World;
  let scheduler: Scheduler;
  let health: HealthServer;
  beforeAll(async () => {
    world = await makeWorld({ maxWorkers: 2 });
    scheduler = await world.startScheduler();
    health = await serveHealth({ ...world, address: '127.0.0.1:0', registry: scheduler.metrics.registry, clock: systemClock });
  });
  afterAll(async () => {
    await health.close();
    await world.close();
  });

  const get = (path: string) => fetch(`http://127.0.0.1:${health.port}${path}`);

  /** Every sample of one scrape by name and labels; fails on a line that is neither a sample nor a comment. */
  async function scrape(): Promise<Map<string, number>> {
    const response = await get('/metrics');
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      lines.map((line) => {
        const [, name, labels = '', value] = SAMPLE.exec(line) ?? expect.fail(`not a sample: ${line}`);
        return [`${name}{${labels}}`, Number(value)];
      }),
    );
  }

  it('counts a job that succeeds from its wait to its end', async () => {
    const before = await scrape();
    expect(before.get('capstan_attempts_ended_total{reason="Succeeded"}')).toBe(0);
    expect(before.get('capstan_sweep_repairs_total{kind="reservation_released"}')).toBe(0);
    const jobId = await world.submit({ script: 'steps 12' });
    await world.until(jobId, 'succeeded');
    // Counted once the scheduler hears of its own commit.
    await expect.poll(() => countOf(scheduler.metrics.jobsEnded, { status: 'succeeded' }), { timeout: 30_000 }).toBe(1);
    const after = await scrape();
    expect(after.get('capstan_launches_total{outcome="launched"}')).toBe(1);
    expect(after.get('capstan_attempts_ended_total{reason="Succeeded"}')).toBe(1);
    expect(after.get('capstan_jobs_ended_total{status="succeeded"}')).toBe(1);
    expect(after.get('capstan_job_wait_seconds_count{pool="local"}')).toBe(1);
    expect(after.get('capstan_job_wait_seconds_bucket{le="+Inf",pool="local"}')).toBe(1);
    // A log line, the readiness, twelve steps and two checkpoints.
    expect(after.get('capstan_reports_accepted_total{}')).toBeGreaterThanOrEqual(16);
  });

  it('shows what pools hold, and who is connected', async () => {
    const running = await world.submit({ script: 'endless', workers: 2 });
    await world.until(running, 'running');
    const waiting = await world.submit({ script: 'steps 1' });
    const shown = async () => {
      const samples = await scrape();
      return [
        'capstan_queue_entries{pool="local",state="waiting"}',
        'capstan_pool_slots_reserved{pool="local"}',
        'capstan_worker_sessions{}',
      ].map((name) => samples.get(name));
    };
    // One look at the stores serves every scrape of five seconds.
    await expect.poll(shown, { timeout: 30_000 }).toEqual([1, 2, 2]);
    for (const jobId of [running, waiting]) await world.db.jobs.applyEvent(jobId, { type: 'cancelRequested' });
    await world.until(running, 'cancelled');
    await expect.poll(() => countOf(scheduler.metrics.attemptsEnded, { reason: 'Cancelled' }), { timeout: 30_000 }).toBe(1);
  });

  it('says that the scheduler lives and is ready, and knows no other page', async () => {
    expect(await (await get('/healthz')).json()).toEqual({ status: 'ok' });
    expect(await (await get('/readyz')).json()).toEqual({ status: 'ready', checks: { database: 'ok', queue: 'ok' } });
    expect((await get('/secrets')).status).toBe(404);
  });

  it('says what is wrong while the queue is away, and still serves the counters', async () => {
    // Nothing listens there.
    const absent = createQueue({ redisUrl: 'redis://127.0.0.1:9' });
    const ill = await serveHealth({
      ...world,
      queue: absent,
      address: '127.0.0.1:0',
      registry: scheduler.metrics.registry,
      clock: systemClock,
    });
    const response = await fetch(`http://127.0.0.1:${ill.port}/readyz`);
    expect(response.status).toBe(503);
    const { checks } = (await response.json()) as { checks: Record<string, string> };
    expect(checks).toEqual({ database: 'ok', queue: expect.not.stringMatching(/^ok$/) });
    expect((await fetch(`http://127.0.0.1:${ill.port}/metrics`)).status).toBe(200);
    await ill.close();
    await absent.close();
  });
});
