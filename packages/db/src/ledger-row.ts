import type { FailureReason } from '@capstan/core';
import type { Attempt } from './generated/client.ts';

/** One launch of a job's ranks, as the ledger has it. */
export interface LedgerEntry {
  jobId: string;
  attempt: number;
  epoch: number;
  /** `intended` until the launcher has answered; `ended` once and for all. */
  state: 'intended' | 'launched' | 'ended';
  poolId: string;
  workers: number;
  tokenHash: string | null;
  statusMessage: string | null;
  reason: FailureReason | null;
  message: string | null;
  exitCode: number | null;
  lastStep: number | null;
  intendedAt: Date;
  launchedAt: Date | null;
  stopRequestedAt: Date | null;
  endedAt: Date | null;
}

const FRESH = {
  tokenHash: null,
  statusMessage: null,
  reason: null,
  message: null,
  exitCode: null,
  lastStep: null,
  launchedAt: null,
  stopRequestedAt: null,
  endedAt: null,
};

/** A row, or as much of one as a fresh launch has. */
export function toLedgerEntry(row: Partial<Attempt> & Omit<LedgerEntry, keyof typeof FRESH>): LedgerEntry {
  const { billedUnits: _billedUnits, pricePerGpuHour: _price, ...entry } = row;
  return { ...FRESH, ...entry, reason: (row.reason ?? null) as FailureReason | null };
}
