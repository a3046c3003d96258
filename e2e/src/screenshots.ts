// `npm run screenshots -w e2e`: every page of the dashboard in both themes and on a narrow screen, on the real stack with
// real small jobs, into docs/screenshots.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@capstan/client';
import { systemClock } from '@capstan/runtime';
import { chromium, type Page } from 'playwright-core';
import { CHROMIUM_FLAGS, findChromium } from './chromium.ts';
import { startStack } from './start-stack.ts';

const out = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
const SIZE = { width: 1200, height: 800 };
/** Some pages go on for longer than a screen. */
const TALL = { width: 1200, height: 1400 };
const TALL_PAGES = ['overview', 'job', 'new-job', 'pool', 'settings'];
const NARROW = { width: 320, height: 1600 };
/** Long enough for the slowest query of a page, and for the first metrics of a job. */
const SETTLE_MS = 1_500;

const executablePath = findChromium();
if (executablePath === null) throw new Error('There is no chromium on the PATH.');
const platform = await startStack();
const client = createClient({ baseUrl: platform.baseUrl, apiKey: platform.apiKey, clock: systemClock });
const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
try {
  mkdirSync(out, { recursive: true });
  const finished = await submit(80);
  for await (const _message of client.jobs.stream(finished));
  const running = await submit(2_000);
  for (const steps of [400, 200]) await submit(steps);
  await client.pools.create({
    id: 'a100',
    launcher: 'kubernetes',
    max_workers: 8,
    gpus_per_worker: 4,
    price_per_gpu_hour: 2.1,
    settings: { image: 'worker' },
  });
  // One job more starts, and one still waits.
  await client.pools.update('local', {
    autoscale: { enabled: true, target_wait_seconds: 60, floor: 1, ceiling: 2, cool_down_seconds: 300 },
  });
  for await (const { type } of client.jobs.stream(running)) if (type === 'metrics') break;
  for (const scheme of ['light', 'dark'] as const) {
    await shootAll(scheme, { scheme, finished, sizeOf: (name) => (TALL_PAGES.includes(name) ? TALL : SIZE) });
  }
  await shootAll('320', { scheme: 'light', finished, sizeOf: () => NARROW });
} finally {
  await browser.close();
  await platform.end();
}

async function submit(maxSteps: number): Promise<string> {
  const [train, valid] = await Promise.all([upload('train', 200, 500), upload('valid', 0, 200)]);
  const training = { max_steps: maxSteps, micro_batch_size: 4, max_source_tokens: 64, eval_every_steps: 10, eval_rows: 16, rouge_rows: 8 };
  const request = { model: 't5-nano', training_file: train, validation_file: valid, suffix: 'synopsis', capstan: { training } };
  const method = { type: 'supervised' as const, supervised: { hyperparameters: { batch_size: 8 } } };
  return (await client.jobs.create({ ...request, method })).id;
}

async function upload(name: string, from: number, to: number): Promise<string> {
  const rows = readFileSync(new URL('../../examples/debian-synopsis/valid.jsonl', import.meta.url), 'utf8')
    .split('\n')
    .slice(from, to);
  return (await client.files.create({ file: new Blob([rows.join('\n')]), filename: `${name}.jsonl`, purpose: 'fine-tune' })).id;
}

interface Look {
  scheme: 'light' | 'dark';
  finished: string;
  sizeOf: (name: string) => { width: number; height: number };
}

async function shootAll(look: string, { scheme, finished, sizeOf }: Look): Promise<void> {
  const context = await browser.newContext({ colorScheme: scheme, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const origin = new URL(platform.baseUrl).origin;
  const shoot = async (name: string, path: string, prepare: (page: Page) => Promise<unknown> = async () => undefined) => {
    await page.setViewportSize(sizeOf(name));
    await page.goto(`${origin}${path}`);
    await page.waitForTimeout(SETTLE_MS);
    await prepare(page);
    await page.screenshot({ path: join(out, `${name}-${look}.png`) });
  };
  await shoot('login', '/');
  await page.getByLabel('API key').fill(platform.apiKey);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await shoot('overview', '/');
  await shoot('jobs', '/jobs');
  await shoot('job', `/jobs/${finished}`);
  await shoot('new-job', `/jobs/new?from=${finished}`);
  await shoot('queues', '/queues?pool=local');
  await shoot('pools', '/pools', () =>
    page
      .getByLabel('Number of workers of local')
      .fill('3')
      .then(() => page.waitForTimeout(SETTLE_MS)),
  );
  await shoot('pool', '/pools/local');
  await shoot('models', '/models', async () => {
    await page.getByLabel('Prompt').fill('Summarize this package description in one line: A small web server written in Rust.');
    await page.getByRole('button', { name: 'Ask' }).click();
    await page
      .getByText(/tokens, \d+ a second/)
      .first()
      .waitFor({ timeout: 120_000 });
    await page.waitForTimeout(SETTLE_MS);
  });
  await shoot('settings', '/settings');
  await context.close();
}
