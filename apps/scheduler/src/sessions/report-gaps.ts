import { InvalidRequestError, type NumberedReport, type RankIdentity, UnavailableError } from '@capstan/core';
import type { Database } from '@capstan/db';

/**
 * Refuses a last word that does not directly follow what is stored of its rank: an attempt never ends on reports that are missing. The
 * look comes before the end is applied, which is safe, for a position never shrinks.
 */
export async function requireNothingMissing(
  identity: RankIdentity,
  { sequence }: NumberedReport,
  { reports }: Pick<Database, 'reports'>,
): Promise<void> {
  const stored = await reports.position(identity);
  if (stored >= sequence) throw new InvalidRequestError(`Report ${sequence} is known already, and was another.`);
  if (stored < sequence - 1)
    throw new InvalidRequestError(`Reports ${stored + 1} to ${sequence - 1} are missing.`, { reason: 'report_gap' });
}

/**
 * What a rank is told of a gap. In the middle of a session it comes back and sends again all that is not acknowledged; a session that
 * begins with the gap has lost the reports for good, so there the refusal is final and the attempt is tried again from its checkpoint.
 */
export function refusalOfGap(error: unknown, isFirstBatch: boolean): unknown {
  const isGap = error instanceof InvalidRequestError && error.reason === 'report_gap';
  return isGap && !isFirstBatch ? new UnavailableError(error.message, { reason: 'report_gap', cause: error }) : error;
}
