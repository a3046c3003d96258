import type { LengthSummary } from '@capstan/core';

/** Counts how often each length was seen: exact quantiles over any number of rows in memory bounded by the longest. */
export class LengthCounter {
  #counts = new Uint32Array(1024);
  #rows = 0;
  #sum = 0;

  add(length: number): void {
    if (length >= this.#counts.length) this.#grow(length);
    this.#counts[length] = (this.#counts[length] ?? 0) + 1;
    this.#rows += 1;
    this.#sum += length;
  }

  /** Zeros if nothing was added. */
  summary(): LengthSummary {
    return {
      rows: this.#rows,
      min: this.#quantile(0),
      mean: this.#rows === 0 ? 0 : this.#sum / this.#rows,
      p50: this.#quantile(0.5),
      p95: this.#quantile(0.95),
      p99: this.#quantile(0.99),
      max: this.#quantile(1),
      buckets: this.#buckets(),
    };
  }

  /** The nearest rank: the smallest length that at least `share` of the rows do not exceed. */
  #quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#rows));
    let seen = 0;
    for (let length = 0; length < this.#counts.length; length++) {
      seen += this.#counts[length] as number;
      if (seen >= rank) return length;
    }
    return 0;
  }

  /** Upper bounds 4, 6, 8, 12, 16, 24 …: two to each doubling. */
  #buckets(): { upTo: number; rows: number }[] {
    const buckets: { upTo: number; rows: number }[] = [];
    let length = 0;
    for (let upTo = 4; length < this.#counts.length; upTo = nextBound(upTo)) {
      let rows = 0;
      for (; length <= upTo && length < this.#counts.length; length++) rows += this.#counts[length] as number;
      buckets.push({ upTo, rows });
    }
    const first = buckets.findIndex(({ rows }) => rows > 0);
    return first === -1 ? [] : buckets.slice(first, buckets.findLastIndex(({ rows }) => rows > 0) + 1);
  }

  #grow(length: number): void {
    const grown = new Uint32Array(Math.max(length + 1, this.#counts.length * 2));
    grown.set(this.#counts);
    this.#counts = grown;
  }
}

/** A power of two is followed by its 1.5-fold, that by the next power. */
function nextBound(bound: number): number {
  return (bound & (bound - 1)) === 0 ? (bound * 3) / 2 : (bound * 4) / 3;
}
