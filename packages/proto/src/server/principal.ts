import { PermissionDeniedError, type RankIdentity, UnauthenticatedError } from '@capstan/core';
import type { Metadata } from '@grpc/grpc-js';
import { readBearer } from '../channel.ts';

/** The ranks of one attempt share a token, because they share a pod template; which of them speaks stands in every message. */
export type AttemptIdentity = Omit<RankIdentity, 'rank'>;

/** Who is calling, as its token proves: a rank of one attempt, a serving worker, or the API. */
export type Principal = { kind: 'rank'; identity: AttemptIdentity } | { kind: 'server'; serverId: string } | { kind: 'api' };

/** Null refuses the token. May throw: a StaleEpochError for an attempt that is over, an UnavailableError to make the caller try again. */
export type Authenticate = (token: string) => Promise<Principal | null>;

/** The principal of a call, if it is of one of the `kinds` that the call is for. */
export async function authenticateCall<Kind extends Principal['kind']>(
  metadata: Metadata,
  authenticate: Authenticate,
  kinds: readonly Kind[],
): Promise<Extract<Principal, { kind: Kind }>> {
  const principal = await authenticate(readBearer(metadata));
  if (!principal) throw new UnauthenticatedError('The token is not valid.');
  if (!isOfKind(principal, kinds)) throw new PermissionDeniedError(`A token of kind "${principal.kind}" may not make this call.`);
  return principal;
}

function isOfKind<Kind extends Principal['kind']>(
  principal: Principal,
  kinds: readonly Kind[],
): principal is Extract<Principal, { kind: Kind }> {
  return kinds.some((kind) => kind === principal.kind);
}
