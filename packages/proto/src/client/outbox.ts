import { AppError, type NumberedReport, type WorkerReport } from '@capstan/core';
import { MAX_MESSAGE_BYTES } from '../channel.ts';
import { reportToProto } from '../convert/report.ts';
import { ReportRecord } from '../gen/lora/v1/report.ts';
import { Backlog } from './backlog.ts';
import type { SpillStore } from './spill-store.ts';

/** Records and bytes of one batch. */
const BATCH_RECORDS = 500;
const BATCH_BYTES = 1024 * 1024;
/** A record must fit into one message beside the envelope. */
const MAX_RECORD_BYTES = MAX_MESSAGE_BYTES - 1024;

/** Reports in order of their sequence, from the first that is not acknowledged to the last. */
export class Outbox {
  readonly #backlog: Backlog;
  readonly #checks = new Set<() => void>();
  #lastSequence = 0;
  #flushers = 0;
  /** Why the store did not give back what it took. Nothing may be sent past that, so nothing is added and nothing is waited for. */
  #loss: { error: unknown } | null = null;

  /** With a store, only the first reports are kept in memory. */
  constructor(spill?: SpillStore) {
    this.#backlog = new Backlog(spill);
  }

  /** Everything up to this sequence is acknowledged. */
  get acknowledged(): number {
    return this.#lastSequence - this.#backlog.size;
  }

  /** Someone waits for the outbox to be empty: send at once. */
  get isUrgent(): boolean {
    return this.#flushers > 0;
  }

  /** Numbers and keeps a report. Nothing is ever dropped or merged: an outbox that is full throws, as does a report too large to send. */
  add(report: WorkerReport): NumberedReport {
    this.#throwIfLost();
    const numbered = { sequence: this.#lastSequence + 1, report };
    const record = reportToProto(numbered);
    const encoded = ReportRecord.encode(record).finish();
    if (encoded.byteLength > MAX_RECORD_BYTES)
      throw new AppError(
        'payload_too_large',
        `A report of ${encoded.byteLength} bytes does not fit into a message of ${MAX_MESSAGE_BYTES}.`,
      );
    this.#backlog.push(record, encoded);
    this.#lastSequence = numbered.sequence;
    this.#changed();
    return numbered;
  }

  /** Forgets everything up to `sequence`. Late and repeated acknowledgements change nothing. */
  acknowledge(sequence: number): void {
    const count = Math.min(sequence - this.acknowledged, this.#backlog.sendable);
    if (count <= 0) return;
    try {
      this.#backlog.drop(count);
    } catch (error) {
      this.#loss = { error };
    }
    this.#changed();
  }

  /** How many reports after `sequence` can be sent now; more follow as these are acknowledged. */
  countAfter(sequence: number): number {
    return this.#backlog.sendable - this.#placeAfter(sequence);
  }

  /** Whether a batch after `sequence` would be full. */
  isBatchFull(sequence: number): boolean {
    return this.countAfter(sequence) >= BATCH_RECORDS;
  }

  /** The next batch after `sequence`, at least one record where one can be sent. */
  batchAfter(sequence: number): ReportRecord[] {
    return this.#backlog.batch(this.#placeAfter(sequence), { maxRecords: BATCH_RECORDS, maxBytes: BATCH_BYTES });
  }

  /** Resolves when everything is acknowledged; until then nothing waits for a fuller batch. */
  async flushed(signal: AbortSignal): Promise<void> {
    this.#flushers += 1;
    this.#changed();
    const isFlushed = () => {
      this.#throwIfLost();
      return this.#backlog.size === 0;
    };
    await this.until(isFlushed, signal).finally(() => {
      this.#flushers -= 1;
    });
  }

  /** Resolves once `condition` holds; it is looked at after every change. Rejects with what it throws, or the signal's reason. */
  until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const release = () => {
        this.#checks.delete(check);
        signal.removeEventListener('abort', abort);
      };
      const abort = () => {
        release();
        reject(signal.reason);
      };
      const check = () => {
        try {
          if (!condition()) return;
          resolve();
        } catch (error) {
          reject(error);
        }
        release();
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      this.#checks.add(check);
      check();
    });
  }

  #throwIfLost(): void {
    if (this.#loss !== null) throw this.#loss.error;
  }

  #placeAfter(sequence: number): number {
    return Math.max(0, sequence - this.acknowledged);
  }

  #changed(): void {
    for (const check of this.#checks) check();
  }
}
