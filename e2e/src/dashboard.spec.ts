import { readFileSync } from 'node:fs';
import { type CapstanClient, createClient } from '@capstan/client';
import { systemClock } from '@capstan/runtime';
import axe from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CHROMIUM_FLAGS, findChromium } from './chromium.ts';
import { type Stack, startStack } from './start-stack.ts';

/** The whole stack as `npm start` brings it up, real small jobs, and Debian's own browser. */
const executablePath = findChromium();
const title =
  executablePath === null ? 'the dashboard: NOT TESTED, for there is no chromium on the PATH (apt-get install chromium)' : 'the dashboard';
const SLOW = { timeout: 120_000, interval: 200 };
const SETTLED = { timeout: 30_000, interval: 300 };
const PATIENCE_MS = 120_000;
const rows = readFileSync(new URL('../../examples/debian-synopsis/valid.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .slice(0, 64);

let platform: Stack;
let client: CapstanClient;
let browser: Browser;
let page: Page;
let jobId = '';
let otherId = '';

const origin = () => new URL(platform.baseUrl).origin;
const button = (name: string) => page.getByRole('button', { name, exact: true });
const state = (text: string) => page.getByRole('status', { name: 'State' }).getByText(text, { exact: true }).waitFor();
const go = (path: string) => page.goto(`${origin()}${path}`);

async function logIn(key: string): Promise<Page> {
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE_MS);
  const fresh = await context.newPage();
  await fresh.goto(origin());
  await fresh.getByLabel('API key').fill(key);
  await fresh.getByRole('button', { name: 'Log in' }).click();
  await fresh.getByRole('heading', { name: 'Overview' }).waitFor();
  return fresh;
}

/** The step up to which the curve of the open job is drawn. */
async function drawnStep(): Promise<number> {
  const label = await page.getByRole('img', { name: /^Loss/ }).getAttribute('aria-label');
  return Number(/step (\d+)/.exec(label ?? '')?.[1]);
}

async function submit(maxSteps: number): Promise<string> {
  const file = new Blob([rows.join('\n')]);
  const { id: training_file } = await client.files.create({ file, filename: 'rows.jsonl', purpose: 'fine-tune' });
  const training = { max_steps: maxSteps, max_source_tokens: 32, micro_batch_size: 2 };
  const method = { type: 'supervised' as const, supervised: { hyperparameters: { batch_size: 2 } } };
  return (await client.jobs.create({ model: 't5-nano', training_file, method, capstan: { training } })).id;
}

describe.skipIf(executablePath === null)(title, { timeout: 300_000 }, () => {
  beforeAll(async () => {
    platform = await startStack();
    client = createClient({ baseUrl: platform.baseUrl, apiKey: platform.apiKey, clock: systemClock });
    browser = await chromium.launch({ executablePath: executablePath ?? '', args: CHROMIUM_FLAGS });
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.end();
  }, 180_000);

  it('lets nobody in without a key, and whoever has one', async () => {
    page = await (await browser.newContext()).newPage();
    await go('/jobs');
    await page.getByLabel('API key').fill('sk-capstan-wrong');
    await button('Log in').click();
    await page
      .getByRole('alert')
      .getByText(/not known/)
      .waitFor();
    await page.close();
    page = await logIn(platform.apiKey);
    expect(await page.evaluate('document.cookie')).toBe('');
  });

  it('tells the bad lines of a dataset, takes a good one, and submits a job', async () => {
    await page.getByRole('link', { name: 'New job' }).click();
    const upload = page.getByRole('button', { name: 'Upload a dataset' });
    const choose = async (name: string, content: string) => {
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), upload.click()]);
      await chooser.setFiles({ name, mimeType: 'application/jsonl', buffer: Buffer.from(content) });
    };
    await choose('bad.jsonl', `${rows[0]}\n{"prompt": 7}\n`);
    await page.getByRole('listitem').getByText('Line 2: prompt is 7').waitFor();
    await choose('good.jsonl', rows.join('\n'));
    await page.getByLabel('Base model').first().click();
    await page.getByRole('option', { name: 't5-nano' }).click();
    await page.getByLabel('Steps at most').fill('5000');
    await page.getByLabel('Batch size').fill('2');
    await page.getByLabel('Gradient checkpointing').check();
    const estimate = page.getByRole('region', { name: 'Estimate' });
    await estimate.getByText('5,000', { exact: true }).waitFor();
    await page.getByText('"max_steps": 5000').first().waitFor();
    await button('Submit').click();
    await page.waitForURL(/\/jobs\/ftjob-/);
    jobId = page.url().split('/').at(-1) ?? '';
    const { training } = (await client.jobs.retrieve(jobId)).capstan;
    expect(training).toMatchObject({ total_steps: 5_000, batch_size: 2, gradient_checkpointing: true });
  });

  it('draws the curve as it grows', async () => {
    await state('Running');
    await vi.waitFor(async () => expect(await drawnStep()).toBeGreaterThan(1), SLOW);
    const before = await drawnStep();
    await vi.waitFor(async () => expect(await drawnStep()).toBeGreaterThan(before), SLOW);
  });

  it('says why another job waits, and starts it by scaling the pool up', async () => {
    const waiting = await submit(5_000);
    otherId = waiting;
    await go(`/jobs/${waiting}`);
    await state('NoCapacity');
    await page.getByText('Expected start').waitFor();
    await go('/queues');
    await page.getByRole('region', { name: 'Queue' }).getByRole('link', { name: waiting }).waitFor();
    await go('/pools');
    await page.getByLabel('Number of workers of local').fill('2');
    await page.getByText('With 2 workers: 1 waiting job starts at once').waitFor();
    await button('Scale').click();
    await go(`/jobs/${waiting}`);
    await state('Running');
    await vi.waitFor(async () => expect(await drawnStep()).toBeGreaterThan(1), SLOW);
    await page.getByLabel('Compare with another job').first().click();
    await page.getByRole('option', { name: jobId }).click();
    await page
      .getByText(`train, ${jobId.slice(-6)}`)
      .first()
      .waitFor();
  });

  it('shows a new job in the list without being asked again, and moves it to the front of its queue', async () => {
    await go('/jobs');
    await page.getByRole('region', { name: 'Table of jobs' }).waitFor();
    const [first, second] = [await submit(10), await submit(10)];
    await page.getByRole('link', { name: second }).waitFor();
    await go('/queues');
    const queue = page.getByRole('region', { name: 'Queue' });
    const places = async () => {
      const links = await queue.getByRole('link').allTextContents();
      return links.filter((id) => [first, second].includes(id));
    };
    await vi.waitFor(async () => expect(await places()).toEqual([first, second]), SLOW);
    await page.getByLabel(`Priority of ${second}`).fill('10');
    await page.getByLabel(`Priority of ${second}`).press('Enter');
    await vi.waitFor(async () => expect(await places()).toEqual([second, first]), SLOW);
    const [board] = await Promise.all([page.context().waitForEvent('page'), page.getByRole('link', { name: 'Raw view' }).click()]);
    await board.getByText('pool-local').first().waitFor();
    await board.close();
    await page.getByLabel(`Cancel ${first}`).click();
    await page.getByLabel(`Cancel ${second}`).click();
    await page.getByText('No job waits.').waitFor();
  });

  it('shows a long queue as far as a screen reaches, and more of it on demand', async () => {
    const waiting = await Promise.all(Array.from({ length: 21 }, () => submit(10)));
    await go('/queues');
    const jobs = page.getByRole('region', { name: 'Queue' }).getByRole('link');
    await page.getByText('… and 1 more behind them.').waitFor();
    expect(await jobs.count()).toBe(20);
    await button('Show more').click();
    await vi.waitFor(async () => expect(await jobs.count()).toBe(21), SLOW);
    await Promise.all(waiting.map((id) => client.jobs.cancel(id)));
    await page.getByText('No job waits.').waitFor();
  });

  it('drains the pool, lets its jobs go on once it is uncordoned, and writes down who did', async () => {
    await go('/pools');
    await button('Drain').click();
    await page.getByText('0 of 2 workers in use').waitFor();
    await page.getByText('Cordoned', { exact: true }).waitFor();
    await go(`/jobs/${jobId}`);
    await state('PoolDrained');
    const before = await drawnStep();
    await go('/pools');
    await button('Uncordon').click();
    await page.getByText('2 of 2 workers in use').waitFor();
    await go(`/jobs/${jobId}`);
    await state('Running');
    await vi.waitFor(async () => expect(await drawnStep()).toBeGreaterThan(before), SLOW);
    await go('/settings');
    await page.getByRole('region', { name: 'Table of changes' }).getByText('pool.drain local').waitFor();
  });

  it('edits a pool, and says where somebody else was faster', async () => {
    await go('/pools/local');
    await button('Edit').click();
    await page.getByLabel('Price of a GPU hour').fill('1.25');
    await page.getByLabel('Memory of a worker').fill('2048');
    await button('Save').click();
    await page.getByText('$1.25', { exact: true }).waitFor();
    await page.getByText('2 GiB', { exact: true }).waitFor();
    await button('Edit').click();
    await client.pools.update('local', { min_ready: 1 });
    await page.getByLabel('Price of a GPU hour').fill('9');
    await button('Save').click();
    await page.getByText(/was changed by someone else/).waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    expect(await client.pools.retrieve('local')).toMatchObject({ price_per_gpu_hour: 1.25, memory_mib: 2_048, min_ready: 1 });
  });

  it('lets the size of a pool follow its queue, and explains what came of it', async () => {
    await go('/pools/local');
    const changes = page.getByRole('list', { name: 'Changes' });
    await changes.getByText(/^Changed: price of a GPU hour, memory of a worker/).waitFor();
    await page.getByRole('switch', { name: 'Let the size follow the queue' }).click();
    const policy = page.getByRole('form', { name: 'Policy' });
    await policy.getByLabel('Target wait').fill('0');
    await policy.getByLabel('Workers at most').fill('3');
    await policy.getByLabel('Cool-down').fill('1');
    await button('Save the policy').click();
    const waiting = await submit(5_000);
    await changes.getByText(/^Autoscaling is on: 0 to 3 workers/).waitFor();
    await changes.getByText('Autoscaler: 2 → 3 workers').waitFor();
    await changes.getByText(/With 2 workers jobs wait up to .* the target is 0 s: 3 workers make it/).waitFor();
    await page.getByText('3 of 3 workers in use').waitFor();
    await page.getByRole('img', { name: 'Workers in use, at most 3' }).waitFor();
    await client.jobs.cancel(waiting);
    await changes.getByText('Autoscaler: 3 → 2 workers').waitFor();
    await client.pools.update('local', { autoscale: { enabled: false } });
  });

  it('pauses, resumes and cancels a job', async () => {
    await go(`/jobs/${jobId}`);
    await state('Running');
    await button('Pause').click();
    await state('Paused');
    const before = await drawnStep();
    await button('Resume').click();
    await state('Running');
    await vi.waitFor(async () => expect(await drawnStep()).toBeGreaterThan(before), SLOW);
    await button('Pause').click();
    await state('Paused');
    await button('Cancel').click();
    await state('Cancelled');
    expect(await button('Resume').count()).toBe(0);
    expect((await client.jobs.retrieve(jobId)).status).toBe('cancelled');
  });

  it('retries it as a job of its own, and finds both by owner in the order of their runs', async () => {
    await button('Retry').click();
    await page.getByRole('link', { name: jobId }).waitFor();
    const retried = page.url().split('/').at(-1) ?? '';
    expect((await client.jobs.retrieve(retried)).capstan).toMatchObject({ retry_of: jobId });
    await client.jobs.cancel(retried);
    await page.getByRole('link', { name: 'Jobs', exact: true }).click();
    await page.getByLabel('Owner').fill((await client.jobs.retrieve(retried)).capstan.owner ?? '');
    await page.getByLabel('Sort').first().click();
    await page.getByRole('option', { name: 'Longest run first' }).click();
    await page.waitForURL(({ searchParams }) => searchParams.get('sort') === 'duration' && searchParams.has('owner'));
    await page.getByRole('link', { name: jobId }).waitFor();
    await page.getByLabel('Choose all that are shown').waitFor();
    await go(`/jobs/${jobId}`);
    await state('Cancelled');
  });

  it('holds a project to its limits, and says so to its jobs', async () => {
    await client.jobs.cancel(otherId);
    const running = await submit(5_000);
    await go(`/jobs/${running}`);
    await state('Running');
    await go('/settings');
    const project = page.getByRole('form', { name: 'Project default' });
    await project.getByLabel('GPUs at once').fill('1');
    await button('Set limits of default').click();
    await project.getByText('1 of 1').waitFor();
    const held = await submit(5);
    await go(`/jobs/${held}`);
    await state('QuotaExceeded');
    await go('/settings');
    await project.getByLabel('GPUs at once').fill('');
    await button('Set limits of default').click();
    await go(`/jobs/${held}`);
    await state('Succeeded');
    await client.jobs.cancel(running);
  });

  it('shows each role what it may do, and no more', async () => {
    const seen = async (role: 'viewer' | 'submitter' | 'operator') => {
      const { key = '' } = await client.apiKeys.create({ name: role, role });
      const theirs = await logIn(key);
      const has = (name: string) => theirs.getByText(name, { exact: true }).count();
      await theirs.getByRole('link', { name: 'Pools', exact: true }).click();
      await theirs.getByText('Price of a worker hour').waitFor();
      const controls = [await has('New job'), await has('New pool'), await has('Cordon')];
      await theirs.getByRole('link', { name: 'Settings' }).click();
      await theirs.getByRole('region', { name: 'This session' }).getByText(role, { exact: true }).first().waitFor();
      controls.push(await has('Make a key'), await has('What operators changed'));
      await theirs.context().close();
      return controls;
    };
    expect(await seen('viewer')).toEqual([0, 0, 0, 0, 0]);
    expect(await seen('submitter')).toEqual([1, 0, 0, 0, 0]);
    expect(await seen('operator')).toEqual([1, 1, 1, 0, 1]);
  });

  it('is readable for everybody on every page, in both themes, and fits a narrow screen', async () => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    for (const path of ['/', '/jobs', `/jobs/${jobId}`, '/jobs/new', '/queues', '/pools', '/pools/local', '/models', '/settings']) {
      await go(path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.evaluate(axe.source);
      for (const [colorScheme, width] of [
        ['light', 320],
        ['dark', 1280],
      ] as const) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        // Colours and sizes take a moment to change.
        await vi.waitFor(
          async () => expect({ path, colorScheme, problems: await seriousProblems() }).toMatchObject({ problems: [] }),
          SETTLED,
        );
      }
    }
  });

  it('ends the session at log out', async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    await button('Log out').click();
    await page.getByLabel('API key').waitFor();
    await go('/jobs');
    await page.getByLabel('API key').waitFor();
  });
});

async function seriousProblems(): Promise<string[]> {
  const excess = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  const { violations } = (await page.evaluate(`axe.run({ resultTypes: ['violations'] })`)) as axe.AxeResults;
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  const problems = serious.map(({ id, nodes }) => `${id} at ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
  return excess > 0 ? [`${excess} px wider than the screen`, ...problems] : problems;
}
