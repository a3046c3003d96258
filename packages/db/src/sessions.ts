import { randomBytes } from 'node:crypto';
import type { Clock } from '@capstan/core';
import { type ApiKeyRecord, hashKey, toApiKeyRecord } from './api-keys.ts';
import type { PrismaDatabase } from './prisma.ts';

export interface SessionRepository {
  /** `token` is shown here and never again: only its sha256 is stored. Sessions that have expired are cleared on the way. */
  create(apiKeyId: string): Promise<{ token: string; expiresAt: Date }>;
  /** The key that the session stands for; null where it expired or ended, or the key was revoked. */
  findKey(token: string): Promise<ApiKeyRecord | null>;
  /** Twice is once. */
  end(token: string): Promise<void>;
}

const TOKEN_BYTES = 32;
const LIFETIME_MS = 7 * 24 * 60 * 60_000;

export function createSessionRepository(prisma: PrismaDatabase, clock: Clock): SessionRepository {
  return {
    async create(apiKeyId) {
      const token = randomBytes(TOKEN_BYTES).toString('base64url');
      const createdAt = clock.now();
      const expiresAt = new Date(createdAt.getTime() + LIFETIME_MS);
      await prisma.session.deleteMany({ where: { expiresAt: { lt: createdAt } } });
      await prisma.session.create({ data: { sha256: hashKey(token), apiKeyId, createdAt, expiresAt } });
      return { token, expiresAt };
    },
    async findKey(token) {
      const where = { sha256: hashKey(token), expiresAt: { gt: clock.now() }, apiKey: { revokedAt: null } };
      const row = await prisma.session.findUnique({ where, include: { apiKey: true } });
      return row === null ? null : toApiKeyRecord(row.apiKey);
    },
    async end(token) {
      await prisma.session.deleteMany({ where: { sha256: hashKey(token) } });
    },
  };
}
