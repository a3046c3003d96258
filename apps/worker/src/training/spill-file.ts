import { closeSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { AppError, UnavailableError } from '@capstan/core';
import type { SpillStore } from '@capstan/proto';

export interface SpillFile extends SpillStore {
  /** Deletes the file. */
  close(): void;
}

/** Some ten million steps. */
const LIMIT_BYTES = 1024 * 1024 * 1024;
/** Before each record stands its length, as an unsigned 32-bit number. */
const LENGTH_BYTES = 4;

/**
 * Keeps records in the file at `path`, which is made at the first and emptied when all have been taken. Records are only ever added at
 * its end and read from its front. It is not meant to outlive the process: an attempt that ends takes its reports with it.
 */
export function createSpillFile(path: string, { limitBytes = LIMIT_BYTES }: { limitBytes?: number } = {}): SpillFile {
  let file: number | null = null;
  let readAt = 0;
  let writeAt = 0;

  return {
    append(record) {
      const frame = Buffer.allocUnsafe(LENGTH_BYTES + record.byteLength);
      frame.writeUInt32LE(record.byteLength);
      frame.set(record, LENGTH_BYTES);
      if (writeAt + frame.byteLength > limitBytes)
        throw new UnavailableError(`The scheduler has been away for too long: ${path} is full of reports (${limitBytes} bytes).`);
      try {
        file ??= openSync(path, 'w+', 0o600);
        writeWhole(file, frame, writeAt);
      } catch (cause) {
        throw new UnavailableError(`Reports that wait for the scheduler cannot be kept in ${path}: ${describe(cause)}`, { cause });
      }
      writeAt += frame.byteLength;
    },
    take({ maxBytes, maxRecords }) {
      if (file === null) return [];
      try {
        const piece = readWhole(file, readAt, Math.min(maxBytes + LENGTH_BYTES, writeAt - readAt));
        const records = splitRecords(piece, maxRecords);
        readAt += records.reduce((bytes, record) => bytes + LENGTH_BYTES + record.byteLength, 0);
        if (readAt < writeAt) return records;
        ftruncateSync(file, 0);
        readAt = writeAt = 0;
        return records;
      } catch (cause) {
        throw new AppError('internal', `Reports that were kept in ${path} cannot be read: ${describe(cause)}`, { cause });
      }
    },
    close() {
      if (file === null) return;
      closeSync(file);
      rmSync(path, { force: true });
      file = null;
    },
  };
}

/** The whole records at the front of `piece`; at its end one may be cut off. */
function splitRecords(piece: Buffer, maxRecords: number): Uint8Array[] {
  const records: Uint8Array[] = [];
  let at = 0;
  while (records.length < maxRecords && at + LENGTH_BYTES <= piece.byteLength) {
    const end = at + LENGTH_BYTES + piece.readUInt32LE(at);
    if (end > piece.byteLength) break;
    records.push(piece.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return records;
}

function writeWhole(file: number, bytes: Buffer, position: number): void {
  for (let written = 0; written < bytes.byteLength; )
    written += writeSync(file, bytes, written, bytes.byteLength - written, position + written);
}

function readWhole(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let got = 0; got < length; ) {
    const count = readSync(file, bytes, got, length - got, position + got);
    if (count === 0) throw new Error('it ends too early');
    got += count;
  }
  return bytes;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
