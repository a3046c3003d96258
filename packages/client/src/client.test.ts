import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '@capstan/core';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiError, allItems, ConnectionError, createClient } from './index.ts';

const servers: Server[] = [];
/** Every wait is over at once; what was waited for is kept. */
const waits: number[] = [];
const clock: Clock = {
  now: () => new Date(0),
  sleep: async (ms) => void waits.push(ms),
};

afterEach(async () => {
  waits.length = 0;
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
});

async function clientOf(listener: RequestListener) {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return createClient({ baseUrl: `http://127.0.0.1:${port}/v1/`, apiKey: 'sk-1', clock });
}

const MODEL = { id: 'ft:a:b', object: 'model', created: 1, owned_by: 'x' };
const BUSY = JSON.stringify({ error: { message: 'Come later.', type: 'rate_limit_error', param: 'model', code: 'busy' } });

describe('requests', () => {
  it('carry the key, encode ids, and bring back parsed answers', async () => {
    const client = await clientOf((request, response) => {
      expect(request.headers.authorization).toBe('Bearer sk-1');
      expect(request.url).toBe('/v1/models/ft%3Aa%3Ab');
      response.end(JSON.stringify(MODEL));
    });
    expect(await client.models.retrieve('ft:a:b')).toEqual(MODEL);
  });

  it('an answer that is not what the API promises is an error, not a surprise later', async () => {
    const client = await clientOf((_request, response) => response.end('{"id": 7}'));
    await expect(client.models.retrieve('a')).rejects.toThrow(/id/);
  });
});

describe('errors', () => {
  it('carry what the server said, the request id, and when to come again', async () => {
    const client = await clientOf((_request, response) => {
      response.writeHead(429, { 'retry-after-ms': '1500', 'x-request-id': 'req_1' });
      response.end(BUSY);
    });
    const error = await client.models.compare({ models: ['a'], prompt: 'Hi' }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 429,
      code: 'busy',
      param: 'model',
      message: 'Come later.',
      requestId: 'req_1',
      retryAfterMs: 1_500,
    });
  });

  it("a proxy's page is understood as far as it goes", async () => {
    const client = await clientOf((_request, response) => {
      response.writeHead(404);
      response.end('<html>');
    });
    await expect(client.models.list()).rejects.toMatchObject({ status: 404, code: null, message: 'The server answered 404 Not Found' });
  });

  it('nobody there is a ConnectionError that says where', async () => {
    const client = createClient({ baseUrl: 'http://127.0.0.1:9/v1', apiKey: 'k', clock });
    await expect(client.models.list()).rejects.toThrow(ConnectionError);
  });
});

describe('repeats', () => {
  function failing(times: number) {
    const seen: string[] = [];
    const listener: RequestListener = (request, response) => {
      seen.push(`${request.method}`);
      if (seen.length > times) return void response.end(JSON.stringify({ object: 'list', data: [MODEL], has_more: false }));
      response.writeHead(503, { 'retry-after': '1' });
      response.end(BUSY);
    };
    return { seen, listener };
  }

  it('a read is repeated after the time that the server names', async () => {
    const { seen, listener } = failing(2);
    await (await clientOf(listener)).models.list();
    expect([seen.length, waits]).toEqual([3, [1_000, 1_000]]);
  });

  it('a write that has no key is sent once', async () => {
    const { seen, listener } = failing(1);
    const client = await clientOf(listener);
    await expect(client.jobs.create({ model: 'a', training_file: 'b' })).rejects.toThrow(ApiError);
    expect(seen).toHaveLength(1);
  });

  it('a write with an idempotency key is repeated with the same key', async () => {
    const keys: unknown[] = [];
    const client = await clientOf((request, response) => {
      keys.push(request.headers['idempotency-key']);
      if (keys.length === 1) return void request.socket.destroy();
      response.writeHead(400);
      response.end(BUSY);
    });
    await expect(client.jobs.create({ model: 'a', training_file: 'b' }, { idempotencyKey: 'k' })).rejects.toMatchObject({ status: 400 });
    expect(keys).toEqual(['k', 'k']);
  });

  it('an abort ends the request with its own reason', async () => {
    const client = await clientOf(() => undefined);
    const controller = new AbortController();
    const asking = client.models.list({ signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(asking).rejects.toThrow('enough');
    for (const server of servers) server.closeAllConnections();
  });
});

describe('allItems', () => {
  it('walks page after page by the last id', async () => {
    const pages = [[{ id: 'a' }, { id: 'b' }], [{ id: 'c' }]];
    const asked: (string | undefined)[] = [];
    const ids = [];
    for await (const { id } of allItems(async (after) => {
      asked.push(after);
      return { object: 'list', data: pages[asked.length - 1] ?? [], has_more: asked.length < pages.length };
    })) {
      ids.push(id);
    }
    expect(ids).toEqual(['a', 'b', 'c']);
    expect(asked).toEqual([undefined, 'b']);
  });
});
