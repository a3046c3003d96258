import { PrismaPg } from '@prisma/adapter-pg';
import type pg from 'pg';
import { toAppError } from './database-error.ts';
import { PrismaClient } from './generated/client.ts';

/** Prisma over our own pool. An unreachable database is UnavailableError here as in raw statements. */
export function createPrisma(pool: pg.Pool) {
  const client = new PrismaClient({ adapter: new PrismaPg(pool) });
  return client.$extends({
    query: {
      $allOperations: ({ args, query }) =>
        query(args).catch((error: unknown) => {
          throw toAppError(error);
        }),
    },
  });
}

export type PrismaDatabase = ReturnType<typeof createPrisma>;
