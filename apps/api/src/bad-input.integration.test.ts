import { connect } from 'node:net';
import { errorBodySchema } from '@capstan/core';
import { createTestDatabase } from '@capstan/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_MODEL, startTestApi, type TestApi } from './testing/start-test-api.ts';

let api: TestApi;
let file = '';
let job = '';

beforeAll(async () => {
  api = await startTestApi(await createTestDatabase(), { maxUploadBytes: 200_000, maxJsonBytes: 20_000 });
  file = await api.trainingFile();
  job = ((await (await api.postJson('/fine_tuning/jobs', { model: BASE_MODEL, training_file: file })).json()) as { id: string }).id;
});
afterAll(() => api.close());

/** What came back must be a 4xx in OpenAI's shape that names the culprit and says something to a person. */
async function expectRefusal(response: Response, expected: { status: number; param: string | null; says: RegExp }) {
  const { error } = errorBodySchema.parse(await response.json());
  expect({ status: response.status, param: error.param }).toEqual({ status: expected.status, param: expected.param });
  expect(error.message).toMatch(expected.says);
  expect(error.type).toMatch(/_error$/);
  expect(response.headers.get('x-request-id')).toMatch(/^req_/);
}

/** Members of a create request that are wrong, each with where and what the answer says. */
const CREATE: [name: string, change: object, param: string, says: RegExp][] = [
  ['no model', { model: undefined }, 'model', /Missing required parameter: 'model'/],
  ['a number as model', { model: 7 }, 'model', /Give the id of a model/],
  ['an unknown model', { model: 'gpt-nope' }, 'model', /does not exist/],
  ['a model of the Hub that is not here', { model: 'org/tiny' }, 'model', /capstan models pull org\/tiny/],
  ['no training file', { training_file: undefined }, 'training_file', /Missing/],
  ['an unknown training file', { training_file: 'file-none' }, 'training_file', /upload it/],
  ['an unknown validation file', { validation_file: 'file-none' }, 'validation_file', /upload it/],
  ['an empty suffix', { suffix: '' }, 'suffix', /1 to 64/],
  ['a long suffix', { suffix: 'x'.repeat(65) }, 'suffix', /1 to 64/],
  ['a negative seed', { seed: -1 }, 'seed', />=0/],
  ['a seed beyond 31 bits', { seed: 2_147_483_648 }, 'seed', /<=2147483647/],
  ['a broken seed', { seed: 1.5 }, 'seed', /int/],
  ['reinforcement', { method: { type: 'reinforcement' } }, 'method.type', /"supervised" or "dpo"/],
  ['preferences from conversations', { method: { type: 'dpo' } }, 'training_file', /preferred_output/],
  ['beta of another method', { method: { type: 'supervised', dpo: {} } }, 'method.type', /this type of method only/],
  ['a beta of 3', { method: { type: 'dpo', dpo: { hyperparameters: { beta: 3 } } } }, 'method.dpo.hyperparameters.beta', /up to 2/],
  ['reinforcement', { method: { type: 'reinforcement' } }, 'method.type', /supervised/],
  ['no method type', { method: {} }, 'method.type', /supervised/],
  ['epochs of zero', { hyperparameters: { n_epochs: 0 } }, 'hyperparameters.n_epochs', /1 to 50/],
  [
    '51 epochs',
    { method: { type: 'supervised', supervised: { hyperparameters: { n_epochs: 51 } } } },
    'method.supervised.hyperparameters.n_epochs',
    /1 to 50/,
  ],
  ['a batch of 257', { hyperparameters: { batch_size: 257 } }, 'hyperparameters.batch_size', /1 to 256/],
  ['a batch in words', { hyperparameters: { batch_size: 'big' } }, 'hyperparameters.batch_size', /auto/],
  ['a multiplier of zero', { hyperparameters: { learning_rate_multiplier: 0 } }, 'hyperparameters.learning_rate_multiplier', /above 0/],
  ['an unknown hyperparameter', { hyperparameters: { epochs: 3 } }, 'hyperparameters.epochs', /Unknown parameter/],
  ['metadata of 17 pairs', { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, 'v'])) }, 'metadata', /16/],
  ['a long metadata value', { metadata: { a: 'x'.repeat(513) } }, 'metadata.a', /512/],
  ['a long metadata key', { metadata: { ['k'.repeat(65)]: 'v' } }, `metadata.${'k'.repeat(65)}`, /./],
  ['a number in metadata', { metadata: { a: 1 } }, 'metadata.a', /string/],
  ['an integration', { integrations: [{ type: 'wandb', wandb: { project: 'p' } }] }, 'integrations', /leave `integrations` out/],
  ['an unknown member', { trainingfile: 'x' }, 'trainingfile', /Unknown parameter/],
  ['an unknown member of capstan', { capstan: { gpu: 1 } }, 'capstan.gpu', /Unknown parameter/],
  ['an unknown member of lora', { capstan: { lora: { rank: 8 } } }, 'capstan.lora.rank', /Unknown parameter/],
  ['r of zero', { capstan: { lora: { r: 0 } } }, 'capstan.lora.r', />=1/],
  ['dropout of one', { capstan: { lora: { dropout: 1 } } }, 'capstan.lora.dropout', /<1/],
  ['a layer that is not there', { capstan: { lora: { target_modules: ['q_proj'] } } }, 'capstan.lora.target_modules', /wi_0/],
  ['no layers', { capstan: { lora: { target_modules: [] } } }, 'capstan.lora.target_modules', /./],
  ['an adapter from scratch', { capstan: { method: 'lora', init: 'random' } }, 'capstan.init', /full/],
  ['lora beside full', { capstan: { method: 'full', lora: { r: 4 } } }, 'capstan.lora', /leave/],
  ['a micro batch that does not divide', { capstan: { training: { micro_batch_size: 3 } } }, 'capstan.training.micro_batch_size', /divide/],
  ['workers that do not divide', { capstan: { resources: { workers: 3 } } }, 'capstan.resources.workers', /evenly/],
  [
    'more workers than the pool has',
    { capstan: { resources: { workers: 4 }, training: { micro_batch_size: 1 } } },
    'capstan.resources.workers',
    /needs 4 workers and pool local has at most 2: ask for fewer/,
  ],
  ['a warm-up beyond the end', { capstan: { training: { max_steps: 5, warmup_steps: 6 } } }, 'capstan.training.warmup_steps', /longer/],
  [
    'two learning rates',
    { hyperparameters: { learning_rate_multiplier: 2 }, capstan: { training: { learning_rate: 0.1 } } },
    'capstan.training.learning_rate',
    /not both/,
  ],
  ['a priority of 101', { capstan: { priority: 101 } }, 'capstan.priority', /<=100/],
  ['an unknown pool', { capstan: { pool: 'moon' } }, 'capstan.pool', /no pool/],
  ['a pool with capitals', { capstan: { pool: 'Moon' } }, 'capstan.pool', /lower-case/],
  ['a NUL', { suffix: 'a\0b' }, 'body', /NUL/],
  ['half a surrogate pair', { metadata: { a: '\ud800' } }, 'body', /surrogate/],
  ['a prototype', JSON.parse('{"__proto__": {"a": 1}}'), '__proto__', /Unknown parameter/],
];

describe('a request for a job', () => {
  it.each(CREATE)('%s is refused by name', async (_name, change, param, says) => {
    const body = { model: BASE_MODEL, training_file: file };
    const text = JSON.stringify({ ...body, ...change }).replace(/}$/, Object.hasOwn(change, '__proto__') ? ',"__proto__":{"a":1}}' : '}');
    const response = await api.fetch('/fine_tuning/jobs', { method: 'POST', body: text, headers: { 'content-type': 'application/json' } });
    await expectRefusal(response, { status: 400, param, says });
  });
});

const json = { 'content-type': 'application/json' };

/** Bodies that are no JSON object at all. */
const BODIES: [name: string, init: () => RequestInit, status: number, param: string, says: RegExp][] = [
  ['no body', () => ({ headers: json }), 400, 'body', /no body/],
  ['broken JSON', () => ({ headers: json, body: '{"model": ' }), 400, 'body', /not valid JSON/],
  ['a list', () => ({ headers: json, body: '[]' }), 400, 'body', /expected object/],
  ['a text', () => ({ headers: json, body: '"x"' }), 400, 'body', /expected object/],
  ['null', () => ({ headers: json, body: 'null' }), 400, 'body', /expected object/],
  [
    'nesting without end',
    () => ({ headers: json, body: `${'['.repeat(9_000)}"\\u0041"${']'.repeat(9_000)}` }),
    400,
    'body',
    /expected object/,
  ],
  ['bytes that are no UTF-8', () => ({ headers: json, body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) }), 400, 'body', /UTF-8/],
  ['too much', () => ({ headers: json, body: JSON.stringify({ model: 'x'.repeat(30_000) }) }), 413, 'body', /larger than 20000/],
  ['text/plain', () => ({ headers: { 'content-type': 'text/plain' }, body: '{}' }), 415, 'content-type', /application\/json/],
  [
    'a form',
    () => ({ headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=1' }),
    415,
    'content-type',
    /application\/json/,
  ],
  ['UTF-16', () => ({ headers: { 'content-type': 'application/json; charset=utf-16' }, body: '{}' }), 415, 'content-type', /JSON/],
  ['gzip', () => ({ headers: { ...json, 'content-encoding': 'gzip' }, body: 'x' }), 415, 'content-encoding', /encoding/],
  [
    'an odd Idempotency-Key',
    () => ({ headers: { ...json, 'idempotency-key': 'x'.repeat(300) }, body: '{}' }),
    400,
    'idempotency-key',
    /255/,
  ],
];

describe('a body', () => {
  it.each(BODIES)('%s is refused', async (_name, init, status, param, says) => {
    await expectRefusal(await api.fetch('/fine_tuning/jobs', { method: 'POST', ...init() }), { status, param, says });
  });
});

/** Paths and queries; `JOB` and `FILE` stand for ids that exist. */
const PATHS: [method: string, path: string, status: number, param: string | null, says: RegExp][] = [
  ['GET', '/fine_tuning/jobs?limit=0', 400, 'limit', /1 to 100/],
  ['GET', '/fine_tuning/jobs?limit=101', 400, 'limit', /1 to 100/],
  ['GET', '/fine_tuning/jobs?limit=ten', 400, 'limit', /whole number/],
  ['GET', '/fine_tuning/jobs?limit=1&limit=2', 400, 'limit', /./],
  ['GET', '/fine_tuning/jobs?after=ftjob-none', 400, 'after', /not the id/],
  ['GET', '/fine_tuning/jobs?after=', 400, 'after', /leave/],
  ['GET', '/fine_tuning/jobs?after=%00', 400, 'after', /NUL/],
  ['GET', '/fine_tuning/jobs?capstan[state]=lost', 400, 'capstan[state]', /queued/],
  ['GET', '/fine_tuning/jobs?page=2', 400, 'page', /Unknown parameter/],
  ['GET', '/fine_tuning/jobs?metadata[a]=%00', 400, 'metadata[a]', /NUL/],
  ['GET', '/fine_tuning/jobs/ftjob-none', 404, 'fine_tuning_job_id', /no fine-tuning job/],
  ['GET', '/fine_tuning/jobs/%00', 400, 'jobId', /NUL/],
  ['GET', '/fine_tuning/jobs/%ff', 400, 'path', /UTF-8/],
  ['POST', '/fine_tuning/jobs/ftjob-none/cancel', 404, 'fine_tuning_job_id', /no fine-tuning job/],
  ['GET', '/fine_tuning/jobs/JOB/events?after=x', 400, 'after', /not the id/],
  ['GET', '/fine_tuning/jobs/JOB/events?limit=-1', 400, 'limit', /1 to 100/],
  ['GET', '/fine_tuning/jobs/JOB/checkpoints?after=x', 400, 'after', /not the id/],
  ['GET', '/fine_tuning/jobs/JOB/metrics?after=x', 400, 'after', /seq/],
  ['GET', '/fine_tuning/jobs/JOB/logs?attempt=x', 400, 'attempt', /number/],
  ['GET', '/fine_tuning/jobs/JOB/adapter', 404, 'fine_tuning_job_id', /no model/],
  ['DELETE', '/fine_tuning/jobs', 405, 'method', /GET/],
  ['GET', '/fine_tuning/jobs/JOB/cancel', 405, 'method', /POST/],
  ['PUT', '/files/FILE', 405, 'method', /DELETE/],
  ['GET', '/nothing/here', 404, null, /openapi/],
  ['GET', '/files?limit=10001', 400, 'limit', /10000/],
  ['GET', '/files?order=up', 400, 'order', /asc/],
  ['GET', '/files?purpose=fun', 400, 'purpose', /fine-tune/],
  ['GET', '/files?after=file-none', 400, 'after', /not the id/],
  ['GET', '/files/file-none', 404, 'file_id', /no file/],
  ['DELETE', '/files/file-none', 404, 'file_id', /no file/],
  ['GET', '/files/file-none/content', 404, 'file_id', /no file/],
  ['GET', '/models/none%2Fsuch', 404, 'model', /none\/such/],
  ['DELETE', `/models/${BASE_MODEL}`, 403, 'model', /share/],
  ['GET', '/pools/moon', 404, 'pool_id', /no pool/],
  ['GET', '/api_keys', 403, null, /admin/],
];

describe('a path or query', () => {
  it.each(PATHS)('%s %s is refused', async (method, path, status, param, says) => {
    const response = await api.fetch(path.replace('JOB', job).replace('FILE', file), { method });
    await expectRefusal(response, { status, param, says });
  });

  it('the answer to a wrong method names those that exist', async () => {
    const response = await api.fetch('/fine_tuning/jobs', { method: 'DELETE' });
    expect(response.headers.get('allow')).toBe('POST, GET, HEAD');
  });
});

const KEYS: [name: string, headers: Record<string, string>, says: RegExp][] = [
  ['no key', {}, /No API key/],
  ['an unknown key', { authorization: 'Bearer sk-capstan-unknown' }, /not known/],
  ['another scheme', { authorization: 'Basic abc' }, /No API key/],
  ['a key of spaces', { authorization: 'Bearer    ' }, /No API key/],
];

describe('a key', () => {
  it.each(KEYS)('%s is refused with 401', async (_name, headers, says) => {
    await expectRefusal(await api.fetch('/models', { key: null, headers }), { status: 401, param: null, says });
  });

  it('a viewer may look, and may not submit', async () => {
    const key = await api.makeKey('viewer');
    expect((await api.fetch('/fine_tuning/jobs', { key })).status).toBe(200);
    const response = await api.fetch('/fine_tuning/jobs', { key, method: 'POST', headers: json, body: '{}' });
    await expectRefusal(response, { status: 403, param: null, says: /submitter/ });
  });
});

const CHAT: [name: string, change: object, param: string, says: RegExp][] = [
  ['no messages', { messages: [] }, 'messages', /at least one/],
  ['an unknown role', { messages: [{ role: 'boss', content: 'x' }] }, 'messages[0].role', /system/],
  ['an image', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] }, 'messages[0].content', /text/],
  ['two answers', { n: 2 }, 'n', /not supported/],
  ['too hot', { temperature: 2.1 }, 'temperature', /<=2/],
  ['no probability at all', { top_p: 0 }, 'top_p', />0/],
  ['no tokens', { max_tokens: 0 }, 'max_tokens', />=1/],
  ['five stops', { stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop', /1 to 4/],
  ['tools', { tools: [{ type: 'function' }] }, 'tools', /not supported/],
  ['JSON mode', { response_format: { type: 'json_object' } }, 'response_format.type', /text/],
  ['log probabilities', { logprobs: true }, 'logprobs', /not supported/],
  ['no beam', { capstan: { num_beams: 0 } }, 'capstan.num_beams', />=1/],
  ['a word for when to stop', { capstan: { early_stopping: 'soon' } }, 'capstan.early_stopping', /"never"/],
  ['beams that sample', { temperature: 1, capstan: { num_beams: 4 } }, 'capstan.num_beams', /do not sample/],
  ['an unknown option', { capstan: { beams: 4 } }, 'capstan.beams', /Unknown parameter/],
  ['an unknown member', { temprature: 1 }, 'temprature', /Unknown parameter/],
];

describe('a question', () => {
  it.each(CHAT)('%s is refused by name', async (_name, change, param, says) => {
    const body = { model: BASE_MODEL, messages: [{ role: 'user', content: 'Hi' }], ...change };
    await expectRefusal(await api.postJson('/chat/completions', body), { status: 400, param, says });
  });

  it('an unknown model is not found', async () => {
    const body = { model: 'none', messages: [{ role: 'user', content: 'Hi' }] };
    await expectRefusal(await api.postJson('/chat/completions', body), { status: 404, param: 'model', says: /does not exist/ });
  });
});

function form(fields: Record<string, string | Blob>, filename = 'a.jsonl'): FormData {
  const data = new FormData();
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value === 'string') data.append(field, value);
    else data.append(field, value, filename);
  }
  return data;
}
const good = new Blob(['{"prompt":"a","completion":"b"}\n']);
const UPLOADS: [name: string, init: () => RequestInit, status: number, param: string, says: RegExp][] = [
  ['JSON', () => ({ headers: json, body: '{}' }), 415, 'content-type', /multipart/],
  ['a form without boundary', () => ({ headers: { 'content-type': 'multipart/form-data' }, body: 'x' }), 415, 'content-type', /multipart/],
  [
    'a form with an empty boundary',
    () => ({ headers: { 'content-type': 'multipart/form-data; x=y' }, body: 'x' }),
    400,
    'content-type',
    /form/,
  ],
  [
    'a broken form',
    () => ({ headers: { 'content-type': 'multipart/form-data; boundary=x' }, body: '--x\r\nnonsense' }),
    400,
    'body',
    /form/,
  ],
  [
    'a form that ends too soon',
    () => ({
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: '--x\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n{',
    }),
    400,
    'body',
    /form/,
  ],
  ['no file', () => ({ body: form({ purpose: 'fine-tune' }) }), 400, 'file', /Missing/],
  ['no purpose', () => ({ body: form({ file: good }) }), 400, 'purpose', /Missing/],
  ['an unknown purpose', () => ({ body: form({ purpose: 'fun', file: good }) }), 400, 'purpose', /fine-tune/],
  ['an unknown field', () => ({ body: form({ purpose: 'fine-tune', file: good, color: 'red' }) }), 400, 'color', /Unknown/],
  ['a file under another name', () => ({ body: form({ purpose: 'fine-tune', data: good }) }), 400, 'data', /named file/],
  ['an empty file', () => ({ body: form({ purpose: 'fine-tune', file: new Blob([]) }) }), 400, 'file', /empty/],
  ['a CSV file', () => ({ body: form({ purpose: 'fine-tune', file: good }, 'a.csv') }), 400, 'file', /\.jsonl/],
  ['too large a file', () => ({ body: form({ purpose: 'fine-tune', file: new Blob(['x'.repeat(250_000)]) }) }), 413, 'file', /larger/],
  [
    'a life that is too short',
    () => ({ body: form({ purpose: 'fine-tune', 'expires_after[anchor]': 'created_at', 'expires_after[seconds]': '1', file: good }) }),
    400,
    'expires_after[seconds]',
    /3600/,
  ],
  [
    'half an expiry',
    () => ({ body: form({ purpose: 'fine-tune', 'expires_after[anchor]': 'created_at', file: good }) }),
    400,
    'expires_after',
    /both/,
  ],
  [
    'a line that is no JSON',
    () => ({ body: form({ purpose: 'fine-tune', file: new Blob(['{"prompt":"a","completion":"b"}\nnonsense\n']) }) }),
    400,
    'file',
    /line 2/,
  ],
];

describe('an upload', () => {
  it.each(UPLOADS)('%s is refused', async (_name, init, status, param, says) => {
    await expectRefusal(await api.fetch('/files', { method: 'POST', ...init() }), { status, param, says });
  });

  it('leaves nothing in the uploads folder when it is refused', async () => {
    const { readdir } = await import('node:fs/promises');
    await expect.poll(() => readdir(`${api.directory}/uploads`)).toEqual([]);
  });
});

describe('after all that', () => {
  it('garbage instead of HTTP is answered with 400', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(api.origin).port), '127.0.0.1', () => socket.write('GARBAGE\r\n\r\n'));
      socket.on('data', (data) => resolve(data.toString()));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
  });

  it('what is not supported says what to use instead', async () => {
    for (const [path, says] of [
      ['/uploads', /files/],
      ['/fine_tuning/alpha/graders/run', /Graders/],
      ['/fine_tuning/checkpoints/x/permissions', /permissions/i],
    ] as const) {
      const response = await api.postJson(path, {});
      expect(response.status).toBe(501);
      expect(response.headers.get('x-should-retry')).toBe('false');
      expect(errorBodySchema.parse(await response.json()).error.message).toMatch(says);
    }
  });

  it('the server is still well', async () => {
    expect((await fetch(`${api.origin}/readyz`)).status).toBe(200);
    expect((await api.postJson('/fine_tuning/jobs', { model: BASE_MODEL, training_file: file })).status).toBe(201);
  });
});
