import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, UnavailableError } from '@capstan/core';
import { recordChildren } from './child-registry.ts';
import { apiEnvironment, appProgram, type ServiceSite, schedulerEnvironment } from './service-environments.ts';
import { ServiceProcess } from './service-process.ts';
import { acceptsConnections, answersOk, waitUntilReady } from './wait-until-ready.ts';

export interface PlatformServices {
  api: ServiceProcess;
  scheduler: ServiceProcess;
}

interface ServiceOptions {
  clock: Clock;
  announce: (message: string) => void;
}

/** How long a rank may take to finish its step and save a checkpoint when the platform goes down. */
const RANK_GRACE_MS = 20_000;
const SCHEDULER_GRACE_MS = 10_000;

/** The two services as children of this process, not started yet. */
export function makeServices(site: ServiceSite, { clock, announce }: ServiceOptions): PlatformServices {
  for (const app of ['api', 'scheduler', 'worker'] as const) expectBuilt(appProgram(site.repositoryRoot, app));
  const settingsOf = (app: 'api' | 'scheduler', environment: ServiceSite['inherited']) => ({
    command: [process.execPath, '--enable-source-maps', appProgram(site.repositoryRoot, app)],
    environment,
    logFile: join(site.dataDir.logs, `${app}.log`),
    clock,
    announce,
    onSpawn: () => recordChildren(site.dataDir.childrenFile, livingChildren(services)),
  });
  const services: PlatformServices = {
    api: new ServiceProcess({ name: 'API', ...settingsOf('api', apiEnvironment(site)) }),
    // SIGUSR2 asks for more than SIGTERM: the ranks of this machine save a checkpoint and end first.
    scheduler: new ServiceProcess({
      name: 'scheduler',
      stopSignal: 'SIGUSR2',
      stopGraceMs: RANK_GRACE_MS + SCHEDULER_GRACE_MS,
      ...settingsOf('scheduler', { ...schedulerEnvironment(site), DRAIN_GRACE_MS: String(RANK_GRACE_MS) }),
    }),
  };
  return services;
}

/** Starts both and resolves once both can be used. Both migrate the database first; a lock there lets one of them go ahead. */
export async function startServices(
  { api, scheduler }: PlatformServices,
  { site, clock, fetch, signal }: { site: ServiceSite; clock: Clock; fetch: typeof globalThis.fetch; signal: AbortSignal },
): Promise<void> {
  scheduler.start();
  api.start();
  const readyUrl = `${site.origin}/readyz`;
  await waitUntilReady({ service: scheduler, probe: (timeout) => acceptsConnections(site.grpcAddress, timeout), clock, signal });
  await waitUntilReady({ service: api, probe: (timeout) => answersOk(readyUrl, fetch, timeout), clock, signal });
}

function expectBuilt(program: string): void {
  if (!existsSync(program)) throw new UnavailableError(`${program} is missing: build it first with \`npm run build\`.`);
}

function livingChildren(services: PlatformServices) {
  return [services.scheduler.identity, services.api.identity].filter((identity) => identity !== null);
}
