import { UnavailableError } from '@capstan/core';
import { MAX_MESSAGE_BYTES } from '../channel.ts';
import { ReportRecord } from '../gen/lora/v1/report.ts';
import type { SpillStore } from './spill-store.ts';

/** Records and their encoded bytes in memory where there is a store to spill to: minutes of steps, some tens of MiB as objects. */
const WINDOW_RECORDS = 16_384;
const WINDOW_BYTES = 8 * 1024 * 1024;
/** Without one: about half a million steps, days without a scheduler. */
const UNSPILT_BYTES = 64 * 1024 * 1024;

interface Entry {
  record: ReportRecord;
  bytes: number;
}

/**
 * Records in the order in which they came. The first ones, which can be sent, are in memory; once that is full, all that follow go to
 * the spill store, and come back in order as room is made. Nothing is dropped: a backlog that is full throws.
 */
export class Backlog {
  readonly #spill: SpillStore | undefined;
  readonly #entries: Entry[] = [];
  #bytes = 0;
  #spilt = 0;

  constructor(spill?: SpillStore) {
    this.#spill = spill;
  }

  get size(): number {
    return this.#entries.length + this.#spilt;
  }

  /** How many of the first records are in memory: at least one where there is any. */
  get sendable(): number {
    return this.#entries.length;
  }

  push(record: ReportRecord, encoded: Uint8Array): void {
    const bytes = encoded.byteLength;
    if (this.#spill === undefined) {
      if (this.#bytes + bytes > UNSPILT_BYTES)
        throw new UnavailableError(`The scheduler has acknowledged nothing for too long: ${this.size} reports are waiting.`);
    } else if (this.#spilt > 0 || this.#entries.length >= WINDOW_RECORDS || this.#bytes + bytes > WINDOW_BYTES) {
      this.#spill.append(encoded);
      this.#spilt += 1;
      return;
    }
    this.#bytes += bytes;
    this.#entries.push({ record, bytes });
  }

  /** Forgets the first `count` records, of those in memory at most. */
  drop(count: number): void {
    for (const { bytes } of this.#entries.splice(0, count)) this.#bytes -= bytes;
    this.#refill();
  }

  /** Records in memory from place `start` on, as many as fit; at least one where there is any. */
  batch(start: number, { maxRecords, maxBytes }: { maxRecords: number; maxBytes: number }): ReportRecord[] {
    const batch: ReportRecord[] = [];
    let size = 0;
    for (const { record, bytes } of this.#entries.slice(start, start + maxRecords)) {
      size += bytes;
      if (batch.length > 0 && size > maxBytes) break;
      batch.push(record);
    }
    return batch;
  }

  /** Half a window at a time, so that the store is read in large pieces. */
  #refill(): void {
    if (this.#spill === undefined || this.#spilt === 0) return;
    if (this.#entries.length > WINDOW_RECORDS / 2 || this.#bytes > WINDOW_BYTES / 2) return;
    const maxBytes = Math.max(WINDOW_BYTES / 2, MAX_MESSAGE_BYTES);
    const taken = this.#spill.take({ maxBytes, maxRecords: WINDOW_RECORDS / 2 });
    for (const encoded of taken) {
      this.#bytes += encoded.byteLength;
      this.#entries.push({ record: ReportRecord.decode(encoded), bytes: encoded.byteLength });
    }
    this.#spilt -= taken.length;
  }
}
