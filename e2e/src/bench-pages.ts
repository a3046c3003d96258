import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { createClient } from '@capstan/client';
import { systemClock } from '@capstan/runtime';
import { type Browser, type BrowserContext, chromium, type Response } from 'playwright-core';
import { CHROMIUM_FLAGS, findChromium } from './chromium.ts';
import { type Stack, startStack } from './start-stack.ts';

interface Load {
  page: string;
  /** Milliseconds from the request to the first text or picture, and to the largest. */
  firstPaintMs: number;
  largestPaintMs: number;
  /** Scripts, styles and the page itself, gzipped. */
  codeBytes: number;
  requests: number;
}

/** Loads of each page, of which the median counts. */
const LOADS = 3;
/** What a page still asks for, and its largest paint, come within this. */
const SETTLE_MS = 500;
const CODE = ['document', 'script', 'stylesheet'];
/** Read in the browser; its last entry is the largest paint so far. */
const PAINTS = `new Promise((resolve) => {
  const first = performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0;
  new PerformanceObserver((list) => resolve({ first, largest: list.getEntries().at(-1).startTime }))
    .observe({ type: 'largest-contentful-paint', buffered: true });
  setTimeout(() => resolve({ first, largest: first }), 500);
})`;

const executablePath = findChromium();
if (executablePath === null) throw new Error('There is no chromium on the PATH.');
const stack = await startStack();
const browser = await chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
try {
  report(await measureAll(browser, stack));
} finally {
  await browser.close();
  await stack.end();
}

async function measureAll(browser: Browser, stack: Stack): Promise<Load[]> {
  const jobId = await submitJob(stack);
  const cookies = await logIn(browser, stack);
  const paths = { overview: '/', jobs: '/jobs', job: `/jobs/${jobId}`, 'new job': '/jobs/new', queues: '/queues', pools: '/pools' };
  const loads: Load[] = [];
  for (const [page, path] of Object.entries({ ...paths, models: '/models', settings: '/settings' })) {
    const tries: Load[] = [];
    for (let load = 0; load < LOADS; load += 1) tries.push(await measure(browser, stack, { page, path, cookies }));
    loads.push(tries.sort((a, b) => a.firstPaintMs - b.firstPaintMs)[Math.floor(LOADS / 2)] as Load);
  }
  return loads;
}

type Cookies = Awaited<ReturnType<BrowserContext['cookies']>>;

/** A fresh context has an empty cache. */
async function measure(browser: Browser, stack: Stack, target: { page: string; path: string; cookies: Cookies }): Promise<Load> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.addCookies(target.cookies);
  const page = await context.newPage();
  const responses: Response[] = [];
  page.on('response', (response) => responses.push(response));
  await page.goto(`${originOf(stack)}${target.path}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForTimeout(SETTLE_MS);
  const { first, largest } = await page.evaluate<{ first: number; largest: number }>(PAINTS);
  const code = responses.filter((response) => CODE.includes(response.request().resourceType()));
  const bodies = await Promise.all(code.map((response) => response.body()));
  await context.close();
  return {
    page: target.page,
    firstPaintMs: Math.round(first),
    largestPaintMs: Math.round(largest),
    codeBytes: bodies.reduce((sum, body) => sum + gzipSync(body).byteLength, 0),
    requests: responses.length,
  };
}

async function logIn(browser: Browser, stack: Stack): Promise<Cookies> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(originOf(stack));
  await page.getByLabel('API key').fill(stack.apiKey);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  const cookies = await context.cookies();
  await context.close();
  return cookies;
}

/** One that has ended, so that nothing else has the machine. */
async function submitJob({ baseUrl, apiKey }: Stack): Promise<string> {
  const client = createClient({ baseUrl, apiKey, clock: systemClock });
  const rows = readFileSync(new URL('../../examples/debian-synopsis/valid.jsonl', import.meta.url), 'utf8')
    .split('\n')
    .slice(0, 32);
  const { id: file } = await client.files.create({ file: new Blob([rows.join('\n')]), filename: 'rows.jsonl', purpose: 'fine-tune' });
  const training = { max_steps: 20, max_source_tokens: 32 };
  const { id } = await client.jobs.create({ model: 't5-nano', training_file: file, capstan: { training } });
  for await (const _message of client.jobs.stream(id));
  return id;
}

function report(loads: readonly Load[]): void {
  for (const { page, firstPaintMs, largestPaintMs, codeBytes, requests } of loads)
    console.log(
      `${page.padEnd(9)} first paint ${firstPaintMs} ms, largest ${largestPaintMs} ms, ${kilobytes(codeBytes)} kB, ${requests} requests`,
    );
  const worst = loads.reduce((a, b) => (b.firstPaintMs > a.firstPaintMs ? b : a));
  const firstPageKb = kilobytes(loads[0]?.codeBytes ?? 0);
  const worstKb = Math.max(...loads.map(({ codeBytes }) => kilobytes(codeBytes)));
  console.log(
    JSON.stringify({ script: 'bench:pages', firstPageKb, worstKb, worstFirstPaintMs: worst.firstPaintMs, worstPage: worst.page }),
  );
}

function kilobytes(bytes: number): number {
  return Math.round(bytes / 100) / 10;
}

function originOf({ baseUrl }: Stack): string {
  return new URL(baseUrl).origin;
}
