import type { ApiDependencies } from '../api-context.ts';
import type { Config } from '../config.ts';
import type { SeenModels } from './register-base-models.ts';
import { registerAllModels } from './watch-models.ts';

const DEFAULT_PROJECT = 'default';

/** What the configuration promises exists afterwards: the first key, the default pool, the base models. Twice changes nothing. */
export async function prepare(
  dependencies: Pick<ApiDependencies, 'artifacts' | 'db' | 'logger' | 'shutdown'>,
  config: Pick<Config, 'BOOTSTRAP_API_KEY' | 'DEFAULT_POOL' | 'MODELS_DIR'>,
  seenModels?: SeenModels,
): Promise<void> {
  const { db, logger } = dependencies;
  if (config.BOOTSTRAP_API_KEY !== undefined) {
    const project = await db.projects.ensure(DEFAULT_PROJECT);
    await db.apiKeys.ensure(config.BOOTSTRAP_API_KEY, { projectId: project.id, name: 'bootstrap', role: 'admin' });
  }
  const { id, settings } = config.DEFAULT_POOL;
  if (settings) await db.pools.ensure(settings);
  else if ((await db.pools.get(id)) === null) logger.warn({ poolId: id }, 'the default pool does not exist: jobs must name another one');
  if (config.MODELS_DIR !== undefined) await registerAllModels(dependencies, config.MODELS_DIR, seenModels);
}
