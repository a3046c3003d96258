import { chmod, copyFile, link, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InvalidRequestError } from '@capstan/core';
import { HubApiError, listFiles, modelInfo } from '@huggingface/hub';
import { chooseFiles, type HubFile } from './choose-files.ts';
import { hasContent } from './content-digest.ts';
import { downloadContent } from './download-content.ts';
import { hubFailure } from './hub-failure.ts';

export const DEFAULT_ENDPOINT = 'https://huggingface.co';

export interface PullProgress {
  /** Of all files, those that were here already included. */
  loadedBytes: number;
  totalBytes: number;
}

export interface PullOptions {
  /** A branch, a tag or a commit; `main` by default. */
  revision?: string | undefined;
  /** Where models lie, each in a folder of its name. */
  modelsDir: string;
  /** Content by its hash, whole or in part, whatever model it is of. */
  cacheDir: string;
  endpoint?: string | undefined;
  token?: string | undefined;
  fetch: typeof fetch;
  onProgress: (progress: PullProgress) => void;
  signal: AbortSignal;
}

export interface PulledModel {
  model: string;
  /** The commit. */
  revision: string;
  folder: string;
  files: string[];
  bytes: number;
  /** Loaded by this call. */
  downloadedBytes: number;
}

const NAME = /^[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/;
/** Beside a model's files: what they were made of. */
const ORIGIN = '.hub.json';

/**
 * Brings a model of the Hub into its folder of `modelsDir`, which appears whole or not at all. A second call for the same commit loads
 * nothing, and one after an interruption goes on where that stopped.
 */
export async function pullModel(model: string, options: PullOptions): Promise<PulledModel> {
  if (!NAME.test(model)) throw new InvalidRequestError(`"${model}" is not the name of a model on the Hub: write it as ORGANISATION/NAME.`);
  const endpoint = (options.endpoint ?? DEFAULT_ENDPOINT).replace(/\/+$/, '');
  if (options.token !== undefined && !options.token.startsWith('hf_'))
    throw new InvalidRequestError('The token in HF_TOKEN is not one of the Hub: those begin with "hf_".');
  try {
    return await pull(model, { ...options, endpoint });
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    throw hubFailure(error, { model, endpoint, hasToken: options.token !== undefined });
  }
}

async function pull(model: string, options: PullOptions & { endpoint: string }): Promise<PulledModel> {
  const hub = hubOf(options);
  const { sha: revision } = await modelInfo({ ...hub, name: model, revision: options.revision ?? 'main', additionalFields: ['sha'] });
  const folder = join(options.modelsDir, ...model.split('/'));
  const files = chooseFiles(model, await filesOf(model, revision, hub));
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  const pulled = { model, revision, folder, files: files.map(({ path }) => path), bytes: totalBytes };
  if (await isHere(folder, revision)) return { ...pulled, downloadedBytes: 0 };
  let loadedBytes = 0;
  let knownBytes = 0;
  for (const file of files) {
    let isFirst = true;
    const onBytes = (bytes: number): void => {
      loadedBytes += bytes;
      if (isFirst) knownBytes += bytes;
      isFirst = false;
      options.onProgress({ loadedBytes, totalBytes });
    };
    const request = (from: number) => requestFile(hub, { model, revision, path: file.path, from });
    await fetchOnce(file, cachedAt(options.cacheDir, file), { request, onBytes, signal: options.signal });
  }
  await assemble(files, { folder, cacheDir: options.cacheDir, revision });
  return { ...pulled, downloadedBytes: loadedBytes - knownBytes };
}

function hubOf({ endpoint, token, fetch: request, signal }: PullOptions & { endpoint: string }) {
  const fetchUntilAborted: typeof fetch = (url, init) => request(url, { ...init, signal });
  return { hubUrl: endpoint, fetch: fetchUntilAborted, accessToken: token };
}

async function filesOf(model: string, revision: string, hub: ReturnType<typeof hubOf>): Promise<HubFile[]> {
  const files: HubFile[] = [];
  for await (const { type, path, size, oid, lfs } of listFiles({ ...hub, repo: model, revision })) {
    if (type !== 'file') continue;
    files.push({ path, size: lfs?.size ?? size, digest: lfs ? { kind: 'sha256', hex: lfs.oid } : { kind: 'git', hex: oid ?? '' } });
  }
  return files;
}

/** Redirects lead to where the content is stored; `fetch` shows the token to nobody but the Hub itself. */
async function requestFile(
  { hubUrl, fetch, accessToken }: ReturnType<typeof hubOf>,
  { model, revision, path, from }: { model: string; revision: string; path: string; from: number },
): Promise<Response> {
  const headers = { Range: `bytes=${from}-`, ...(accessToken === undefined ? {} : { Authorization: `Bearer ${accessToken}` }) };
  const response = await fetch(`${hubUrl}/${model}/resolve/${revision}/${encodeURIComponent(path)}`, { headers });
  if (response.ok) return response;
  await response.body?.cancel();
  throw new HubApiError(response.url, response.status, undefined, `${path} cannot be read`);
}

/** By kind and hash, neither of which may lead out of the folder. */
function cachedAt(cacheDir: string, { digest }: HubFile): string {
  return join(cacheDir, digest.kind, digest.hex.replace(/[^0-9a-f]/g, ''));
}

/** Content in the cache is a second name of what lies in a model's folder, where somebody may have changed it. */
async function fetchOnce(file: HubFile, target: string, options: Parameters<typeof downloadContent>[2]): Promise<void> {
  const found = await stat(target).catch(() => null);
  if (found?.size === file.size && (await hasContent(target, file))) return options.onBytes(file.size);
  await rm(target, { force: true });
  await downloadContent(file, target, options);
}

async function isHere(folder: string, revision: string): Promise<boolean> {
  const origin = await readFile(join(folder, ORIGIN), 'utf8').catch(() => null);
  return origin !== null && (JSON.parse(origin) as { revision?: unknown }).revision === revision;
}

/** Builds the folder beside its place and moves it there, so that nobody sees half a model. */
async function assemble(
  files: HubFile[],
  { folder, cacheDir, revision }: { folder: string; cacheDir: string; revision: string },
): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const building = await mkdtemp(join(dirname(folder), '.pulling-'));
  try {
    for (const file of files) await linkOrCopy(cachedAt(cacheDir, file), join(building, file.path));
    await writeFile(join(building, ORIGIN), `${JSON.stringify({ revision })}\n`);
    await chmod(building, 0o755); // the API may be another user's
    await rm(folder, { recursive: true, force: true });
    await rename(building, folder);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    throw error;
  }
}

/** A second name for the same content where both lie on one disk. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
}
