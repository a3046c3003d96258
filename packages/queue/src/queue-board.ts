import type { IncomingMessage, ServerResponse } from 'node:http';
import { openStore, type QueueConnection, type QueueOptions } from './create-queue.ts';
import { reachingStore } from './outage.ts';
import { openPoolQueue } from './pool-queue.ts';
import type { QueueStore } from './queue-store.ts';

export interface QueueBoard {
  /** Answers a request under `basePath` with bull-board's view of these pools' queues; it shows, and changes nothing. */
  serve(request: IncomingMessage, response: ServerResponse, poolIds: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** BullMQ's own view of the queues, on Redis or on Postgres, over a connection of its own. The library is loaded with the first request. */
export function createQueueBoard(connection: QueueConnection, { basePath, ...options }: QueueOptions & { basePath: string }): QueueBoard {
  const store = openStore(connection, options);
  let loading: ReturnType<typeof loadBoard> | null = null;
  return {
    async serve(request, response, poolIds) {
      loading ??= loadBoard(store, basePath);
      const { show, answer } = await loading;
      await reachingStore(() => show(poolIds));
      answer(request, response);
    },
    close: () => store.close(),
  };
}

async function loadBoard(store: QueueStore, basePath: string) {
  const [{ createBullBoard }, { BullMQAdapter }, { ExpressAdapter }] = await Promise.all([
    import('@bull-board/api'),
    import('@bull-board/api/bullMQAdapter'),
    import('@bull-board/express'),
  ]);
  const server = new ExpressAdapter();
  server.setBasePath(basePath);
  const board = createBullBoard({ queues: [], serverAdapter: server, options: { uiConfig: { boardTitle: 'Capstan' } } });
  const adapters = new Map<string, InstanceType<typeof BullMQAdapter>>();

  async function adapterOf(poolId: string) {
    const known = adapters.get(poolId);
    if (known !== undefined) return known;
    const { queue } = openPoolQueue(store, await store.connect(), poolId);
    const adapter = new BullMQAdapter(queue as never, { readOnlyMode: true });
    adapters.set(poolId, adapter);
    return adapter;
  }

  return {
    show: async (poolIds: readonly string[]) => board.setQueues(await Promise.all(poolIds.map(adapterOf))),
    answer: server.getRouter() as (request: IncomingMessage, response: ServerResponse) => void,
  };
}
