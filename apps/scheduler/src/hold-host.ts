import { once } from 'node:events';
import type { Clock } from '@capstan/core';
import { type HostClaim, whenReachable } from '@capstan/db';
import type { Logger } from '@capstan/runtime';

/** The claim of this machine on the local processes of its database. */
export interface HeldHost {
  /** Aborts where they could not be claimed again, for instance because another machine was first: this scheduler has to end. */
  refused: AbortSignal;
  release(): Promise<void>;
}

/** Throws the first refusal; afterwards a claim that is lost, as with a restart of Postgres, is made again. */
export async function holdHost(claim: () => Promise<HostClaim>, { clock, logger }: { clock: Clock; logger: Logger }): Promise<HeldHost> {
  const [ending, refused] = [new AbortController(), new AbortController()];
  const { signal } = ending;
  const onAway = (err: unknown) => logger.warn({ err }, 'the claim on local workers is lost until Postgres answers');

  async function keep(first: HostClaim): Promise<void> {
    for (let held = first; ; held = await whenReachable(claim, { clock, signal, onAway })) {
      const over = AbortSignal.any([held.lost, signal]);
      if (!over.aborted) await once(over, 'abort');
      if (signal.aborted) return held.release();
    }
  }

  const kept = keep(await claim()).catch((error: unknown) => {
    if (signal.aborted) return;
    logger.error({ err: error }, 'local workers cannot be claimed again: this scheduler ends');
    refused.abort();
  });
  return {
    refused: refused.signal,
    release() {
      ending.abort();
      return kept;
    },
  };
}
