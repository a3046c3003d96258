import { Prisma } from './generated/client.ts';
import type { Sql } from './sql.ts';

export interface IdempotencyKeyRepository {
  /** Deletes at most `limit` keys that are older than `before`, and answers how many: a request with one of them makes a job again. */
  deleteOlder(options: { before: Date; limit: number }): Promise<number>;
}

export function createIdempotencyKeyRepository(sql: Sql): IdempotencyKeyRepository {
  return {
    async deleteOlder({ before, limit }) {
      const statement = Prisma.sql`
        DELETE FROM idempotency_keys WHERE (project_id, key) IN (
          SELECT project_id, key FROM idempotency_keys WHERE created_at < ${before}::timestamptz ORDER BY created_at LIMIT ${limit}::int)
        RETURNING 1`;
      return (await sql.rows(statement, 'delete-old-keys')).length;
    },
  };
}
