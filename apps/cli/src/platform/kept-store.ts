import type { Clock } from '@capstan/core';
import type { EmbeddedService } from '@capstan/embedded';
import { signalProcess } from './process-identity.ts';
import type { Opened } from './teardown.ts';

export interface KeptStore extends Opened {
  url: string;
  /** Null between a death and the next start. */
  pid(): number | null;
}

interface StoreSettings {
  name: string;
  /** `port` is null for the first start; later ones must listen where the services look for it. */
  start: (port: number | null) => Promise<EmbeddedService>;
  /** Ends the server at once without losing what was written. */
  killSignal: NodeJS.Signals;
  clock: Clock;
  announce: (message: string) => void;
}

const RESTART_DELAY_MS = 500;

/** Starts a store and keeps it running on its first port until `stop`: the services reconnect by themselves. */
export async function keepStore(settings: StoreSettings): Promise<KeptStore> {
  const { name, clock, announce } = settings;
  const stopping = new AbortController();
  const first = await settings.start(null);
  const port = Number(new URL(first.url).port);
  let service: EmbeddedService | null = first;

  const keep = async () => {
    while (service !== null) {
      await service.exited;
      if (stopping.signal.aborted) return;
      service = null;
      announce(`${name} ended unexpectedly; starting it again.`);
      service = await startAgain();
    }
  };
  const startAgain = async (): Promise<EmbeddedService | null> => {
    while (!stopping.signal.aborted) {
      await clock.sleep(RESTART_DELAY_MS, { signal: stopping.signal }).catch(() => {});
      const started = await settings.start(port).catch((error: unknown) => announce(`${name} does not start: ${String(error)}`));
      if (started) return started;
    }
    return null;
  };
  const keeping = keep();

  return {
    name,
    url: first.url,
    pid: () => service?.pid ?? null,
    async stop() {
      stopping.abort();
      await service?.stop();
      await keeping;
      // One that was being started again when the stop came.
      await service?.stop();
    },
    kill() {
      stopping.abort();
      if (service !== null) signalProcess(service.pid, settings.killSignal);
    },
  };
}
