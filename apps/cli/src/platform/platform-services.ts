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

/** The two services as children of this process, not started yet. */
export function makeServices(site: ServiceSite, { clock, announce }: ServiceOptions): PlatformServices {
  for (const app of ['api', 'scheduler', 'worker'] as const) expectBuilt(appProgram(site.repositoryRoot, app));
  const make = (name: 'api' | 'scheduler', title: string, environment: ServiceSite['inherited']) =>
    new ServiceProcess({
      name: title,
      command: [process.execPath, '--enable-source-maps', appProgram(site.repositoryRoot, name)],
      environment,
      logFile: join(site.dataDir.logs, `${name}.log`),
      clock,
      announce,
      onSpawn: () => recordChildren(site.dataDir.childrenFile, livingChildren(services)),
    });
  const services: PlatformServices = {
    api: make('api', 'API', apiEnvironment(site)),
    scheduler: make('scheduler', 'scheduler', schedulerEnvironment(site)),
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
