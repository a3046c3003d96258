import { InvalidRequestError } from '@capstan/core';

/** What a zod object schema offers; structural, so that this package needs no schema library. */
interface ConfigSchema<Config> {
  safeParse(input: unknown): { success: true; data: Config } | { success: false; error: { issues: readonly ConfigIssue[] } };
}
interface ConfigIssue {
  path: readonly PropertyKey[];
  message: string;
}

/**
 * The configuration in `env`, checked by `schema`. An empty variable counts as absent, as in shells and Kubernetes manifests.
 * Throws one error that lists every problem; values are never shown, for some are secrets.
 */
export function loadConfig<Config>(schema: ConfigSchema<Config>, env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `  ${path.map(String).join('.') || '(all)'}: ${message}`);
  throw new InvalidRequestError(`The configuration is not valid:\n${problems.join('\n')}`, { reason: 'config_invalid' });
}
