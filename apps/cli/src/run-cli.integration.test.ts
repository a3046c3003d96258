import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { systemClock } from '@capstan/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CliContext } from './cli-context.ts';
import { runCli } from './run-cli.ts';

type Answer = { status: number; body: unknown };
let server: Server;
let baseUrl: string;
let answer: (request: IncomingMessage) => Answer;

/** Stands in for the API: the commands are what is tested here. */
beforeAll(async () => {
  server = createServer((request, response) => {
    const { status, body } = answer(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  answer = () => ({ status: 500, body: {} });
});

async function run(...args: string[]) {
  const written = { out: '', err: '' };
  const gather = (name: 'out' | 'err') => {
    const stream = new PassThrough();
    stream.on('data', (chunk: Buffer) => {
      written[name] += chunk.toString();
    });
    return stream;
  };
  const context: CliContext = {
    env: { HF_ENDPOINT: baseUrl, CAPSTAN_BASE_URL: baseUrl, CAPSTAN_API_KEY: 'sk-test', CAPSTAN_DATA_DIR: join(tmpdir(), 'capstan-none') },
    stdin: new PassThrough(),
    stdout: gather('out'),
    stderr: gather('err'),
    clock: systemClock,
    signal: new AbortController().signal,
    fetch: globalThis.fetch,
    onImpatience: () => {},
  };
  const code = await runCli(context, args);
  return { code, ...written };
}

const refusal = (status: number, message: string): Answer => ({
  status,
  body: { error: { message, type: 'invalid_request_error', param: null, code: 'x' } },
});
const POOL = {
  id: 'local',
  object: 'pool',
  launcher: 'process',
  max_workers: 1,
  min_ready: 0,
  gpus_per_worker: 0,
  price_per_gpu_hour: 0.6,
  paused: false,
  memory_mib: null,
  autoscale: { enabled: false, target_wait_seconds: 60, floor: 0, ceiling: 1, cool_down_seconds: 60 },
  capacity: null,
  version: 1,
  usage: { reserved: 1, running: 1, queued: 2 },
};
const POOLS = { object: 'list', data: [POOL], has_more: false };

describe('models pull', () => {
  it('says what a name on the Hub looks like, and that the Hub is away', async () => {
    expect(await run('models', 'pull', 'tiny')).toMatchObject({ code: 1, err: expect.stringContaining('ORGANISATION/NAME') });
    // The stand-in for the API answers, but not as the Hub.
    const { code, err } = await run('models', 'pull', 'org/tiny');
    expect([code, err]).toEqual([5, expect.stringContaining('failed with status 500: try again later')]);
  });
});

describe('the command line', () => {
  it('shows help with the exit statuses and ends well', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    expect(out).toContain('Exit status: 0 done');
    for (const command of ['up', 'demo', 'files', 'jobs', 'models', 'chat', 'pools', 'keys']) expect(out).toContain(`  ${command} `);
  });

  it.each([
    [['jobs', 'get'], "Missing required argument 'id'"],
    [['jobs', 'list', '--limit', 'many'], 'Give a whole number'],
    [['jobs', 'create', '--train', 'x'], "Required option '--model <id>' not specified"],
    [['files', 'upload', '/no/such/file'], 'There is no file /no/such/file here.'],
    [['nonsense'], "Unknown command 'nonsense'"],
    [['pools', 'update', 'local'], 'Say what to change'],
  ])('answers 2 to %j', async (args, message) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  it.each([
    [404, 3],
    [401, 4],
    [403, 4],
    [400, 1],
  ])('turns HTTP %d into exit status %d and keeps the words of the server', async (status, expected) => {
    answer = () => refusal(status, 'There is no job ftjob-x.');
    const { code, err } = await run('jobs', 'get', 'ftjob-x');
    expect(code).toBe(expected);
    expect(err).toContain('There is no job ftjob-x.');
  });

  it('says what to do when nobody answers', async () => {
    const { code, err } = await run('pools', 'list', '--base-url', 'http://127.0.0.1:1', '--api-key', 'k');
    expect(code).toBe(5);
    expect(err).toMatch(/No answer from .*capstan up/);
  });

  it('prints a table for people', async () => {
    answer = () => ({ status: 200, body: POOLS });
    const { code, out } = await run('pools', 'list');
    expect(code).toBe(0);
    expect(out).toBe('pool   launcher  state  slots  queued    price\nlocal  process   open     1/1       2  $0.60/h\n');
  });

  it('prints the document of the server, and errors too, as JSON where that is wanted', async () => {
    answer = () => ({ status: 200, body: POOLS });
    expect(JSON.parse((await run('pools', 'list', '--json')).out)).toEqual(POOLS);
    answer = () => refusal(404, 'No.');
    const { code, err } = await run('--json', 'pools', 'list');
    expect({ code, ...JSON.parse(err) }).toEqual({ code: 3, error: { code: 'x', message: 'No.', param: null } });
  });

  it('says so when the server speaks another version', async () => {
    answer = () => ({ status: 200, body: { object: 'something else' } });
    const { code, err } = await run('pools', 'list');
    expect(code).toBe(1);
    expect(err).toContain('not what this version of capstan expects');
  });

  it('sends the key', async () => {
    let authorization: string | undefined;
    answer = (request) => {
      authorization = request.headers.authorization;
      return { status: 200, body: POOLS };
    };
    await run('pools', 'list');
    expect(authorization).toBe('Bearer sk-test');
  });
});
