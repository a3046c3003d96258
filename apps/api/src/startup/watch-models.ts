import { delimiter } from 'node:path';
import type { Clock } from '@capstan/core';
import type { ApiDependencies } from '../api-context.ts';
import { registerBaseModels, type SeenModels } from './register-base-models.ts';

type Context = Pick<ApiDependencies, 'artifacts' | 'db' | 'logger' | 'shutdown'>;

/** Registers what lies in the folders, which stand as in PATH. */
export async function registerAllModels(context: Context, modelsDirs: string, seen?: SeenModels): Promise<void> {
  for (const modelsDir of modelsDirs.split(delimiter)) await registerBaseModels(context, modelsDir, seen);
}

/** Looks for models that have come since, until the shutdown; what fails is said and tried again. */
export async function watchModels(
  context: Context,
  modelsDirs: string,
  { clock, everyMs, seen }: { clock: Clock; everyMs: number; seen: SeenModels },
): Promise<void> {
  const { shutdown, logger } = context;
  for (;;) {
    await clock.sleep(everyMs, { signal: shutdown }).catch(() => undefined);
    if (shutdown.aborted) return;
    await registerAllModels(context, modelsDirs, seen).catch((err: unknown) => logger.warn({ err }, 'models were not looked for'));
  }
}
