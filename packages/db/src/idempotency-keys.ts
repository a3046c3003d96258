import { Prisma } from './generated/client.ts';
import type { Sql } from './sql.ts';

export interface IdempotencyKeyRepository {
  /** Deletes at most `limit` keys, and as many claims of repeatable requests, older than `before`; answers how many. They can be used again. */
  deleteOlder(options: { before: Date; limit: number }): Promise<number>;
}

export function createIdempotencyKeyRepository(sql: Sql): IdempotencyKeyRepository {
  return {
    async deleteOlder({ before, limit }) {
      const keys = Prisma.sql`
        DELETE FROM idempotency_keys WHERE (project_id, key) IN (
          SELECT project_id, key FROM idempotency_keys WHERE created_at < ${before}::timestamptz ORDER BY created_at LIMIT ${limit}::int)
        RETURNING 1`;
      const claims = Prisma.sql`
        DELETE FROM submission_claims WHERE (project_id, body_hash) IN (
          SELECT project_id, body_hash FROM submission_claims WHERE created_at < ${before}::timestamptz ORDER BY created_at LIMIT ${limit}::int)
        RETURNING 1`;
      const deleted = await Promise.all([sql.rows(keys, 'delete-old-keys'), sql.rows(claims, 'delete-old-claims')]);
      return deleted.flat().length;
    },
  };
}
