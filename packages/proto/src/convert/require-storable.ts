import { type ArtifactRef, InvalidRequestError, type WorkerReport } from '@capstan/core';
import { requireSha256 } from './require-sha256.ts';

/** Steps, tokens of a step and report numbers are 32-bit integers at rest. */
const MOST_COUNT = 2_147_483_647;
/** The years 1970 to 9999, in milliseconds. */
const LATEST_MS = 253_402_300_799_999;

/** Refuses counts, instants and hashes that no trainer reaches and the database cannot keep; losses and other figures may be anything, even NaN. */
export function requireStorable(sequence: number, report: WorkerReport): void {
  requireCount(sequence, 'sequence');
  if ('step' in report) requireCount(report.step, 'step');
  if ('tokens' in report) requireCount(report.tokens, 'tokens');
  if ('at' in report) requireInstant(report.at);
  if ('trainedTokens' in report) requirePositive(report.trainedTokens, 'trained_tokens');
  if ('memoryBytes' in report) requirePositive(report.memoryBytes, 'memory_bytes');
  for (const { sha256 } of artifactsOf(report)) requireSha256(sha256);
}

function artifactsOf(report: WorkerReport): ArtifactRef[] {
  if (report.type === 'checkpoint') return [report.state, ...report.adapter];
  return report.type === 'succeeded' ? report.model : [];
}

function requireCount(value: number, name: string): void {
  if (!(value >= 0 && value <= MOST_COUNT)) throw new InvalidRequestError(`A report's ${name} is from 0 to ${MOST_COUNT}, not ${value}.`);
}

function requirePositive(value: number, name: string): void {
  if (!(value >= 0)) throw new InvalidRequestError(`A report's ${name} is 0 or more, not ${value}.`);
}

function requireInstant(at: Date): void {
  const time = at.getTime();
  if (!(time >= 0 && time <= LATEST_MS)) throw new InvalidRequestError("A report's time is from the years 1970 to 9999.");
}
