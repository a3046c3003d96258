import { type Clock, UnauthenticatedError, UnavailableError } from '@capstan/core';
import { type Client, connectivityState } from '@grpc/grpc-js';

/** How long an address may stay silent before another is tried. */
const SILENCE_MS = 5_000;

/** The `reason` of an error that says: whoever answers at the scheduler's address is not known to the authority that we were given. */
export const SCHEDULER_UNTRUSTED = 'scheduler_untrusted';

/** As OpenSSL and Node say that a certificate, or the name in it, does not suit. */
const UNTRUSTED =
  /self.signed certificate|unable to (?:get (?:local )?issuer certificate|verify the first certificate)|certificate signature failure|does not match certificate|certificate (?:has expired|is not yet valid)|ssl3_get_record:wrong version number|packet length too long|wrong version number/;

/** Resolves once the client is connected, or has failed to, which its next call tells; rejects where nothing answers at all. */
export async function dial(client: Client, { clock, address }: { clock: Clock; address: string }): Promise<void> {
  const deadline = new Date(clock.now().getTime() + SILENCE_MS);
  const channel = client.getChannel();
  for (;;) {
    const state = channel.getConnectivityState(true);
    if (state === connectivityState.READY || state === connectivityState.TRANSIENT_FAILURE) return;
    await new Promise<void>((resolve, reject) =>
      channel.watchConnectivityState(state, deadline, (error) =>
        error === undefined ? resolve() : reject(new UnavailableError(`Nothing answers at ${address}.`, { cause: error })),
      ),
    );
  }
}

/** The error as it is, or in words for people and final where the reason is the other side's certificate. */
export function explainDistrust(error: unknown, address: string): unknown {
  const words = error instanceof Error ? UNTRUSTED.exec(error.message)?.[0] : undefined;
  if (words === undefined) return error;
  return new UnauthenticatedError(
    `The scheduler at ${address} does not show a certificate that the given authority has signed (${words}). ` +
      'Either the authority is not the one that signs its certificates, or something else answers there.',
    { reason: SCHEDULER_UNTRUSTED, cause: error },
  );
}
