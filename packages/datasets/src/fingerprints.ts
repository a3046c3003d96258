import { createHash } from 'node:crypto';
import type { Leakage } from '@capstan/core';

/**
 * 64-bit fingerprints, two a row: of source and target together, and of the source alone. Among a million rows two different
 * ones collide with a chance of 3 in 10^8.
 */
const WORDS_PER_ROW = 4;

/** The fingerprints of a dataset's rows, in file order, growing as they are read. */
export class FingerprintList {
  #words = new Uint32Array(1024);
  #rows = 0;
  readonly #seen = new FingerprintIndex();

  /** Returns the line of the first row equal to this one, or undefined if it is new. Outer white space makes no difference. */
  add(source: string, target: string, line: number): number | undefined {
    const start = this.#rows * WORDS_PER_ROW;
    if (start === this.#words.length) this.#grow();
    const [low, high] = fingerprint(`${source.trim()}\0${target.trim()}`);
    this.#words.set([low, high, ...fingerprint(source.trim())], start);
    this.#rows += 1;
    return this.#seen.add(low, high, line);
  }

  /** `[row 0, source 0, row 1, source 1, …]`. */
  toArray(): BigUint64Array {
    return new BigUint64Array(this.#words.slice(0, this.#rows * WORDS_PER_ROW).buffer);
  }

  #grow(): void {
    const grown = new Uint32Array(this.#words.length * 2);
    grown.set(this.#words);
    this.#words = grown;
  }
}

/** How much of a validation set stands in the training set already, from the fingerprints of both. */
export function leakage(train: BigUint64Array, validation: BigUint64Array): Leakage {
  const known = new FingerprintIndex();
  const trainWords = new Uint32Array(train.buffer, train.byteOffset, train.length * 2);
  for (let i = 0; i < trainWords.length; i += 2) known.add(trainWords[i] as number, trainWords[i + 1] as number, 1);
  const words = new Uint32Array(validation.buffer, validation.byteOffset, validation.length * 2);
  let rows = 0;
  let sources = 0;
  for (let i = 0; i < words.length; i += WORDS_PER_ROW) {
    if (known.find(words[i] as number, words[i + 1] as number) !== undefined) rows += 1;
    if (known.find(words[i + 2] as number, words[i + 3] as number) !== undefined) sources += 1;
  }
  return { rows, sources, share: sources / Math.max(1, words.length / WORDS_PER_ROW) };
}

function fingerprint(text: string): [low: number, high: number] {
  const digest = createHash('sha256').update(text).digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
}

/** A hash table from fingerprint to line number, open addressing over typed arrays: 12 bytes a slot, no object a row. */
class FingerprintIndex {
  #capacity = 1024;
  #size = 0;
  #keys = new Uint32Array(2 * this.#capacity);
  /** 0 marks a free slot: lines count from 1. */
  #lines = new Uint32Array(this.#capacity);

  find(low: number, high: number): number | undefined {
    return this.#lines[this.#slot(low, high)] || undefined;
  }

  /** Keeps the first line of a fingerprint; returns it if there was one already. */
  add(low: number, high: number, line: number): number | undefined {
    const slot = this.#slot(low, high);
    if (this.#lines[slot] !== 0) return this.#lines[slot];
    this.#keys[2 * slot] = low;
    this.#keys[2 * slot + 1] = high;
    this.#lines[slot] = line;
    this.#size += 1;
    if (this.#size * 2 > this.#capacity) this.#grow();
    return undefined;
  }

  #slot(low: number, high: number): number {
    let slot = low & (this.#capacity - 1);
    while (this.#lines[slot] !== 0 && (this.#keys[2 * slot] !== low || this.#keys[2 * slot + 1] !== high)) {
      slot = (slot + 1) & (this.#capacity - 1);
    }
    return slot;
  }

  #grow(): void {
    const [keys, lines] = [this.#keys, this.#lines];
    this.#capacity *= 2;
    this.#size = 0;
    this.#keys = new Uint32Array(2 * this.#capacity);
    this.#lines = new Uint32Array(this.#capacity);
    lines.forEach((line, slot) => {
      if (line !== 0) this.add(keys[2 * slot] as number, keys[2 * slot + 1] as number, line);
    });
  }
}
