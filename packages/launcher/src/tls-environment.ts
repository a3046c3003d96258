import type { LaunchSpec } from './launcher.ts';

/** What a worker reads of the scheduler's certificate; nothing where the scheduler speaks in the clear. */
export function tlsEnvironment({ schedulerTls }: Pick<LaunchSpec, 'schedulerTls'>): Record<string, string> {
  if (schedulerTls === undefined) return {};
  return { CAPSTAN_SCHEDULER_CA: schedulerTls.authority, CAPSTAN_SCHEDULER_NAME: schedulerTls.serverName };
}
