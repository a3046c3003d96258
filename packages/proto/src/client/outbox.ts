import { AppError, type NumberedReport, UnavailableError, type WorkerReport } from '@capstan/core';
import { MAX_MESSAGE_BYTES } from '../channel.ts';
import { reportToProto } from '../convert/report.ts';
import { ReportRecord } from '../gen/lora/v1/report.ts';

/** Records and bytes of one batch. */
const BATCH_RECORDS = 500;
const BATCH_BYTES = 1024 * 1024;
/** A record must fit into one message beside the envelope. */
const MAX_RECORD_BYTES = MAX_MESSAGE_BYTES - 1024;
/** About half a million steps: days without a scheduler. */
const MAX_OUTBOX_BYTES = 64 * 1024 * 1024;

interface Entry {
  record: ReportRecord;
  bytes: number;
}

/** Reports in order of their sequence, from the first that is not acknowledged to the last. */
export class Outbox {
  readonly #entries: Entry[] = [];
  readonly #checks = new Set<() => void>();
  #lastSequence = 0;
  #bytes = 0;
  #flushers = 0;

  /** Everything up to this sequence is acknowledged. */
  get acknowledged(): number {
    return this.#lastSequence - this.#entries.length;
  }

  /** Someone waits for the outbox to be empty: send at once. */
  get isUrgent(): boolean {
    return this.#flushers > 0;
  }

  /** Numbers and keeps a report. Nothing is ever dropped or merged: an outbox that is full throws, as does a report too large to send. */
  add(report: WorkerReport): NumberedReport {
    const numbered = { sequence: this.#lastSequence + 1, report };
    const record = reportToProto(numbered);
    const bytes = ReportRecord.encode(record).finish().byteLength;
    if (bytes > MAX_RECORD_BYTES)
      throw new AppError('payload_too_large', `A report of ${bytes} bytes does not fit into a message of ${MAX_MESSAGE_BYTES}.`);
    if (this.#bytes + bytes > MAX_OUTBOX_BYTES)
      throw new UnavailableError(`The scheduler has acknowledged nothing for too long: ${this.#entries.length} reports are waiting.`);
    this.#lastSequence = numbered.sequence;
    this.#bytes += bytes;
    this.#entries.push({ record, bytes });
    this.#changed();
    return numbered;
  }

  /** Forgets everything up to `sequence`. Late and repeated acknowledgements change nothing. */
  acknowledge(sequence: number): void {
    const count = Math.min(sequence - this.acknowledged, this.#entries.length);
    if (count <= 0) return;
    for (const { bytes } of this.#entries.splice(0, count)) this.#bytes -= bytes;
    this.#changed();
  }

  /** How many reports come after `sequence`. */
  countAfter(sequence: number): number {
    return this.#lastSequence - Math.max(sequence, this.acknowledged);
  }

  /** Whether a batch after `sequence` would be full. */
  isBatchFull(sequence: number): boolean {
    return this.countAfter(sequence) >= BATCH_RECORDS;
  }

  /** The next batch after `sequence`, at least one record where there is any. */
  batchAfter(sequence: number): ReportRecord[] {
    const start = Math.max(0, sequence - this.acknowledged);
    const batch: ReportRecord[] = [];
    let size = 0;
    for (const { record, bytes } of this.#entries.slice(start, start + BATCH_RECORDS)) {
      size += bytes;
      if (batch.length > 0 && size > BATCH_BYTES) break;
      batch.push(record);
    }
    return batch;
  }

  /** Resolves when everything is acknowledged; until then nothing waits for a fuller batch. */
  async flushed(signal: AbortSignal): Promise<void> {
    this.#flushers += 1;
    this.#changed();
    await this.until(() => this.#entries.length === 0, signal).finally(() => {
      this.#flushers -= 1;
    });
  }

  /** Resolves once `condition` holds; it is looked at after every change. Rejects with the signal's reason. */
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
        if (!condition()) return;
        release();
        resolve();
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      this.#checks.add(check);
      check();
    });
  }

  #changed(): void {
    for (const check of this.#checks) check();
  }
}
