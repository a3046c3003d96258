import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '@capstan/core';
import type { ApiKey } from './generated/client.ts';
import { base32, makeId } from './make-id.ts';
import type { PrismaDatabase } from './prisma.ts';

/** Each role may do all that the one before it may. */
export type ApiKeyRole = 'viewer' | 'submitter' | 'operator' | 'admin';

export interface ApiKeyRecord {
  id: string;
  projectId: string;
  name: string;
  role: ApiKeyRole;
  /** The last characters of the key, for people to tell keys apart. */
  hint: string;
  createdAt: Date;
  revokedAt: Date | null;
}

export interface NewApiKey {
  projectId: string;
  name: string;
  role: ApiKeyRole;
}

export interface ApiKeyRepository {
  /** `key` is shown here and never again: only its sha256 is stored. */
  create(input: NewApiKey): Promise<{ key: string; record: ApiKeyRecord }>;
  /** Stores a key that was chosen outside, such as the bootstrap key; the same key twice is one record. */
  ensure(key: string, input: NewApiKey): Promise<ApiKeyRecord>;
  /** One indexed read; null for unknown and revoked keys. */
  findByKey(key: string): Promise<ApiKeyRecord | null>;
  list(projectId: string): Promise<ApiKeyRecord[]>;
  /** Whether there was such a key of the project to revoke; a revoked key stays revoked. */
  revoke(projectId: string, id: string): Promise<boolean>;
}

const KEY_BYTES = 25;
const HINT_LENGTH = 4;

export function createApiKeyRepository(prisma: PrismaDatabase, clock: Clock): ApiKeyRepository {
  async function ensure(key: string, input: NewApiKey): Promise<ApiKeyRecord> {
    const sha256 = hashKey(key);
    const data = { id: makeId('key', randomBytes), ...input, sha256, hint: key.slice(-HINT_LENGTH) };
    await prisma.apiKey.createMany({ data, skipDuplicates: true });
    return toApiKeyRecord(await prisma.apiKey.findUniqueOrThrow({ where: { sha256 } }));
  }

  return {
    ensure,
    async create(input) {
      const key = `sk-capstan-${base32(randomBytes(KEY_BYTES))}`;
      return { key, record: await ensure(key, input) };
    },
    async findByKey(key) {
      const row = await prisma.apiKey.findUnique({ where: { sha256: hashKey(key), revokedAt: null } });
      return row === null ? null : toApiKeyRecord(row);
    },
    async list(projectId) {
      const rows = await prisma.apiKey.findMany({ where: { projectId }, orderBy: [{ createdAt: 'desc' }, { id: 'desc' }] });
      return rows.map(toApiKeyRecord);
    },
    async revoke(projectId, id) {
      await prisma.apiKey.updateMany({ where: { id, projectId, revokedAt: null }, data: { revokedAt: clock.now() } });
      return (await prisma.apiKey.count({ where: { id, projectId } })) === 1;
    },
  };
}

/** A key holds 200 random bits, so a plain hash is as good as a slow one, and every request pays for it. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

export function toApiKeyRecord({ sha256: _sha256, ...record }: ApiKey): ApiKeyRecord {
  return record;
}
