import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledError, ModelError, NotFoundError, UnauthenticatedError, UnavailableError } from '@capstan/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PullOptions, type PullProgress, pullModel } from './pull-model.ts';
import { COMMIT, REPOSITORY, startTestHub, type TestHub } from './test-hub.ts';

/** Larger than one piece of a stream. */
const WEIGHTS = Buffer.alloc(300_000, 'weights ');

let hub: TestHub;
let root: string;
let progress: PullProgress[];

beforeEach(async () => {
  hub = await startTestHub();
  hub.files.set('config.json', Buffer.from('{"model_type":"llama"}'));
  hub.files.set('tokenizer.json', Buffer.from('{}'));
  hub.files.set('model.safetensors', WEIGHTS);
  hub.files.set('pytorch_model.bin', Buffer.from('a pickle'));
  hub.files.set('README.md', Buffer.from('# Tiny'));
  root = await mkdtemp(join(tmpdir(), 'capstan-hub-'));
  progress = [];
});
afterEach(async () => {
  await hub.close();
  await rm(root, { recursive: true, force: true });
});

const pull = (changes: Partial<PullOptions> = {}, model = REPOSITORY) =>
  pullModel(model, {
    modelsDir: join(root, 'models'),
    cacheDir: join(root, 'cache'),
    endpoint: hub.endpoint,
    fetch,
    onProgress: (now) => progress.push(now),
    signal: new AbortController().signal,
    ...changes,
  });

const holds = async (folder: string, path: string, content: Buffer) => (await readFile(join(folder, path))).equals(content);

const contentRequests = () => hub.requests.filter(({ path, range }) => path.includes('/resolve/') && range !== 'bytes=0-0');

describe('a pulled model', () => {
  it('lies whole in its folder: what training needs, checked, and nothing else', async () => {
    const pulled = await pull();
    expect(pulled).toMatchObject({ model: REPOSITORY, revision: COMMIT, files: ['config.json', 'tokenizer.json', 'model.safetensors'] });
    expect((await readdir(pulled.folder)).sort()).toEqual(['.hub.json', 'config.json', 'model.safetensors', 'tokenizer.json']);
    expect(await holds(pulled.folder, 'model.safetensors', WEIGHTS)).toBe(true);
    expect(pulled.downloadedBytes).toBe(pulled.bytes);
    expect((await stat(pulled.folder)).mode & 0o777).toBe(0o755);
    expect(await readdir(join(root, 'models', 'tiny-org'))).toEqual(['tiny-model']);
    expect(progress.at(-1)).toEqual({ loadedBytes: pulled.bytes, totalBytes: pulled.bytes });
  });

  it('is not loaded again, in its place or from the cache', async () => {
    const { folder } = await pull();
    hub.requests.length = 0;
    expect((await pull()).downloadedBytes).toBe(0);
    await rm(folder, { recursive: true });
    expect((await pull()).downloadedBytes).toBe(0);
    expect(contentRequests()).toEqual([]);
    expect(await holds(folder, 'model.safetensors', WEIGHTS)).toBe(true);
  });

  it('is loaded again where its content was changed by hand', async () => {
    const { folder } = await pull();
    await writeFile(join(folder, 'model.safetensors'), Buffer.alloc(WEIGHTS.length, 'other '));
    await rm(join(folder, '.hub.json'));
    expect((await pull()).downloadedBytes).toBe(WEIGHTS.length);
    expect(await holds(folder, 'model.safetensors', WEIGHTS)).toBe(true);
  });

  it('may come in shards', async () => {
    hub.files.delete('model.safetensors');
    for (const part of [1, 2]) hub.files.set(`model-0000${part}-of-00002.safetensors`, Buffer.from(`part ${part}`));
    expect((await pull()).files).toContain('model-00002-of-00002.safetensors');
    hub.files.delete('model-00002-of-00002.safetensors');
    await rm(join(root, 'models'), { recursive: true });
    await expect(pull()).rejects.toThrow('has 1 of 2 shards');
  });

  it('is asked for with the token, where there is one', async () => {
    await pull({ token: 'hf_secret' });
    expect(new Set(hub.requests.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer hf_secret']));
  });
});

describe('an interrupted download', () => {
  it('goes on where the connection broke, in the same call', async () => {
    hub.breaks = { afterBytes: 100_000, times: 2 };
    const pulled = await pull();
    expect(await holds(pulled.folder, 'model.safetensors', WEIGHTS)).toBe(true);
    const begins = contentRequests().flatMap(({ path, range }) =>
      path.endsWith('model.safetensors') ? [Number(/\d+/.exec(range ?? '0')?.[0])] : [],
    );
    expect(begins).toHaveLength(3);
    expect(begins[0]).toBe(0);
    expect(begins[1]).toBeGreaterThan(0);
    expect(begins[2]).toBeGreaterThan(begins[1] as number);
  });

  it('goes on in the next call, with nothing to be seen in between', async () => {
    const stopping = new AbortController();
    const cancelled = new CancelledError('enough');
    hub.breaks = { afterBytes: 100_000, times: 1 };
    const onProgress = ({ loadedBytes }: PullProgress) => {
      if (loadedBytes > 50_000) stopping.abort(cancelled);
    };
    await expect(pull({ signal: stopping.signal, onProgress })).rejects.toBe(cancelled);
    expect(await readdir(root)).toEqual(['cache']);
    hub.requests.length = 0;
    hub.breaks.times = 0;
    const { folder, downloadedBytes, bytes } = await pull();
    expect(downloadedBytes).toBeLessThan(bytes);
    expect(await holds(folder, 'model.safetensors', WEIGHTS)).toBe(true);
  });

  it('is given up where nothing more arrives', async () => {
    hub.breaks = { afterBytes: 0, times: 1_000 };
    await expect(pull()).rejects.toThrow(UnavailableError);
  });
});

describe('content with another hash', () => {
  it.each(['config.json', 'model.safetensors'])('of %s is refused and thrown away', async (path) => {
    hub.wrongDigests.add(path);
    await expect(pull()).rejects.toThrow(`${path} did not arrive as the Hub describes it`);
    expect(await readdir(root)).toEqual(['cache']);
    hub.wrongDigests.clear();
    expect(await holds((await pull()).folder, path, hub.files.get(path) as Buffer)).toBe(true);
  });

  it('that a damaged beginning makes is noticed, too', async () => {
    hub.breaks = { afterBytes: 100_000, times: 1_000 };
    const stopping = new AbortController();
    const onProgress = ({ loadedBytes }: PullProgress) => loadedBytes > 50_000 && stopping.abort(new CancelledError());
    await expect(pull({ signal: stopping.signal, onProgress })).rejects.toThrow(CancelledError);
    const [part] = await readdir(join(root, 'cache', 'sha256'));
    await writeFile(join(root, 'cache', 'sha256', part as string), 'damaged');
    hub.breaks.times = 0;
    await expect(pull()).rejects.toThrow('its hash is another');
  });
});

describe('a model that cannot be had', () => {
  const refuse = (status: number) => {
    hub.refusal = { status, body: { error: 'no' } };
  };

  it('is refused with its weights in a pickle', async () => {
    hub.files.delete('model.safetensors');
    await expect(pull()).rejects.toThrow(/pickle only.*safetensors/);
    expect(contentRequests()).toEqual([]);
  });

  it('is refused without a file that training needs', async () => {
    hub.files.delete('tokenizer.json');
    await expect(pull()).rejects.toThrow(ModelError);
    await expect(pull()).rejects.toThrow('has no tokenizer.json');
  });

  it.each([
    [401, UnauthenticatedError, /does not exist on .*or is private.*HF_TOKEN/],
    [403, UnauthenticatedError, /accepted its terms/],
    [404, NotFoundError, /no such revision/],
    [429, UnavailableError, /too many requests/],
    [503, UnavailableError, /status 503/],
  ] as const)('is said in words for status %s', async (status, kind, says) => {
    refuse(status);
    await expect(pull()).rejects.toThrow(kind);
    await expect(pull()).rejects.toThrow(says);
  });

  it('without a network says so, and what else can be done', async () => {
    await expect(pull({ endpoint: 'http://127.0.0.1:9' })).rejects.toThrow(/cannot be reached \(.+\).*MODELS_DIR by hand.*HF_ENDPOINT/);
  });

  it.each(['../etc', 'a/../b', 'name', 'a/b/c', '', 'a b/c'])('"%s" is no name', async (name) => {
    await expect(pull({}, name)).rejects.toThrow('ORGANISATION/NAME');
    expect(hub.requests).toEqual([]);
  });

  it('with a token that is none of the Hub is not asked for', async () => {
    await expect(pull({ token: 'secret' })).rejects.toThrow('begin with "hf_"');
    expect(hub.requests).toEqual([]);
  });
});
