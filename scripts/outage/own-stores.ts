import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type EmbeddedService, startEmbeddedPostgres, startEmbeddedRedis } from '@capstan/embedded';

/** A store that can be away for as long as one likes: nobody starts it again but `start`. */
export interface OwnStore {
  url: string;
  stop(): Promise<void>;
  /** On the same port with the same data, as the services expect it. */
  start(): Promise<void>;
}

export interface OwnStores {
  postgres: OwnStore;
  /** Null where no Redis is installed: the queue is in Postgres then. */
  redis: OwnStore | null;
}

const { signal } = new AbortController();

export async function startOwnStores(root: string): Promise<OwnStores> {
  const postgres = await ownStore((port) => startEmbeddedPostgres({ dataDir: join(root, 'own-postgres'), signal, ...port }));
  const password = randomBytes(24).toString('hex');
  const searchPath = process.env.PATH ?? '';
  const redis = await ownStore((port) => startEmbeddedRedis({ dataDir: join(root, 'own-redis'), signal, password, searchPath, ...port }));
  if (postgres === null) throw new Error('Postgres did not start.');
  return { postgres, redis };
}

async function ownStore(open: (port: { port?: number }) => Promise<EmbeddedService | null>): Promise<OwnStore | null> {
  let service = await open({});
  if (service === null) return null;
  const { url } = service;
  const port = Number(new URL(url).port);
  return {
    url,
    stop: async () => {
      await service?.stop();
      service = null;
    },
    start: async () => {
      service ??= await open({ port });
    },
  };
}
