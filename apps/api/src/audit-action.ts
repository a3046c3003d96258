import type { Database } from '@capstan/db';
import type { Caller } from './http/authenticate.ts';

export interface Action {
  /** `pool.update`, `api_key.create` … */
  name: string;
  /** The id of what was changed. */
  subject: string;
  before: object;
  after: object;
}

/** Writes down what a caller changed, from what to what. */
export async function auditAction(
  { audit }: Pick<Database, 'audit'>,
  caller: Caller,
  { name, subject, before, after }: Action,
): Promise<void> {
  const author = { projectId: caller.projectId, apiKeyId: caller.keyId };
  await audit.append({ ...author, action: name, subject, before: { ...before }, after: { ...after } });
}
