import { CHANNEL, encodeChange, type WrittenChange } from './change.ts';
import { Prisma } from './generated/client.ts';
import type { Sql } from './sql.ts';

/**
 * Sends hints after the commit of the busy writers (create, append), many in one statement. Inside their transactions a NOTIFY would
 * make them commit one after another, disk flush included: Postgres holds one lock over every commit that notifies. A process that
 * dies in between loses a hint, which the readers' own polling makes good.
 */
export interface Announcer {
  /** Returns at once; the same change announced twice before it is sent is sent once. */
  announce(...changes: WrittenChange[]): void;
  /** Resolves when all that was announced has been sent. */
  flushed(): Promise<void>;
}

export function createAnnouncer(sql: Sql): Announcer {
  let pending = new Set<string>();
  let sending: Promise<void> | null = null;

  async function sendAll(): Promise<void> {
    while (pending.size > 0) {
      const payloads = [...pending];
      pending = new Set();
      await send(sql, payloads);
    }
    sending = null;
  }

  return {
    announce(...changes) {
      for (const change of changes) pending.add(encodeChange(change));
      sending ??= sendAll();
    },
    flushed: async () => {
      await sending;
    },
  };
}

async function send(sql: Sql, payloads: string[]): Promise<void> {
  const statement = Prisma.sql`SELECT count(pg_notify(${CHANNEL}, payload)) FROM unnest(${payloads}::text[]) AS payload`;
  // A database that is away has no listeners either; whoever reconnects reads everything again.
  await sql.rows(statement, 'announce').catch(() => undefined);
}
