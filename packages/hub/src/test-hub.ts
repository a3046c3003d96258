import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A small server with the Hub's endpoints that a pull uses, for tests only: the Hub itself is out of their reach. */
export interface TestHub {
  endpoint: string;
  /** Content of the one repository, by path. */
  files: Map<string, Buffer>;
  /** What the listing says instead of a file's true hash. */
  wrongDigests: Set<string>;
  /** Answers everything with this status. */
  refusal: { status: number; body: object } | null;
  /** Breaks every answer off after this many bytes, that many times. */
  breaks: { afterBytes: number; times: number };
  requests: { path: string; range: string | undefined; authorization: string | undefined }[];
  close(): Promise<void>;
}

export const REPOSITORY = 'tiny-org/tiny-model';
export const COMMIT = 'c0ffee'.padEnd(40, '0');

/** Weights are kept apart and known by their sha256, as on the Hub; other files by git's hash. */
const isApart = (path: string) => path.endsWith('.safetensors') || path.endsWith('.bin');

export async function startTestHub(): Promise<TestHub> {
  const hub: TestHub = {
    endpoint: '',
    files: new Map(),
    wrongDigests: new Set(),
    refusal: null,
    breaks: { afterBytes: 0, times: 0 },
    requests: [],
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  const server = createServer((request, response) => answer(hub, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  hub.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return hub;
}

function answer(hub: TestHub, request: IncomingMessage, response: ServerResponse): void {
  const path = decodeURIComponent(new URL(request.url ?? '/', hub.endpoint).pathname);
  const { range, authorization } = request.headers;
  hub.requests.push({ path, range, authorization });
  const file = path.startsWith(`/${REPOSITORY}/resolve/${COMMIT}/`) ? path.split('/').slice(5).join('/') : '';
  const content = hub.files.get(file);
  if (hub.refusal !== null) sendJson(response, hub.refusal.status, hub.refusal.body);
  else if (path.startsWith(`/api/models/${REPOSITORY}/revision/`)) sendJson(response, 200, { ...MODEL, sha: COMMIT });
  else if (path === `/api/models/${REPOSITORY}/tree/${COMMIT}`) sendJson(response, 200, listing(hub));
  else if (content === undefined) sendJson(response, 404, { error: 'Entry not found' });
  else sendContent(hub, response, { content, range });
}

const MODEL = {
  _id: '1',
  id: REPOSITORY,
  modelId: REPOSITORY,
  private: false,
  gated: false,
  downloads: 0,
  likes: 0,
  lastModified: '2026-01-01T00:00:00.000Z',
};

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function listing({ files, wrongDigests }: TestHub) {
  return [...files].map(([path, content]) => {
    const told = wrongDigests.has(path) ? Buffer.from('something else') : content;
    const oid = createHash('sha1').update(`blob ${content.length}\0`).update(told).digest('hex');
    const lfs = { oid: createHash('sha256').update(told).digest('hex'), size: content.length, pointerSize: 130 };
    return { type: 'file', path, size: content.length, oid, ...(isApart(path) && { lfs }) };
  });
}

function sendContent(hub: TestHub, response: ServerResponse, { content, range }: { content: Buffer; range: string | undefined }): void {
  const [, first = '0', last = ''] = /bytes=(\d+)-(\d*)/.exec(range ?? '') ?? [];
  const begin = Number(first);
  const end = Math.min(content.length, last === '' ? content.length : Number(last) + 1);
  const headers = { etag: '"x"', 'content-length': end - begin, 'content-range': `bytes ${begin}-${end - 1}/${content.length}` };
  response.writeHead(range === undefined ? 200 : 206, headers);
  const isBroken = hub.breaks.times > 0 && end - begin > hub.breaks.afterBytes;
  if (!isBroken) {
    response.end(content.subarray(begin, end));
    return;
  }
  hub.breaks.times -= 1;
  response.write(content.subarray(begin, begin + hub.breaks.afterBytes));
  // What has not been read when a connection breaks is lost: a client gets the time to read it.
  void sleep(30).then(() => response.destroy());
}
