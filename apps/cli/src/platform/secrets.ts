import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { ConflictError } from '@capstan/core';
import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './write-json-file.ts';

const secretsSchema = z.object({
  /** The API proves itself to the scheduler with it. */
  internalToken: z.string().min(32),
  /** The scheduler signs the tokens of ranks with it. */
  workerTokenSecret: z.string().min(32),
  /** The first key: an administrator's. */
  apiKey: z.string().startsWith('sk-capstan-'),
});
export type Secrets = z.infer<typeof secretsSchema>;

const SECRET_BYTES = 32;

/** The secrets of this data directory: made at the first call, the same ever after. A damaged file is never overwritten. */
export function loadOrMakeSecrets(path: string): Secrets {
  const known = readJsonFile(path, secretsSchema);
  if (known !== null) return known;
  if (existsSync(path)) throw new ConflictError(`${path} is damaged. Restore it, or delete it to make new secrets and a new API key.`);
  const draw = () => randomBytes(SECRET_BYTES).toString('base64url');
  const secrets: Secrets = { internalToken: draw(), workerTokenSecret: draw(), apiKey: `sk-capstan-${draw()}` };
  writeJsonFile(path, secrets);
  return secrets;
}
