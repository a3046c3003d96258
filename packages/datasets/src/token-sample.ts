import type { DatasetReport } from '@capstan/core';
import { LengthCounter } from './length-counter.ts';

export interface TokenLimits {
  maxSourceTokens: number | null;
  maxTargetTokens: number | null;
}

/**
 * Token counts of an evenly spaced sample of a stream whose length is unknown: every row up to `limit`, then every second, every
 * fourth …, always from the first row on. Between `limit / 2` and `limit` rows are kept.
 */
export class TokenSample {
  #stride = 1;
  #source: number[] = [];
  #target: number[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether the row of this index, from 0, is worth tokenising. */
  wants(index: number): boolean {
    return index % this.#stride === 0;
  }

  /** Rows come in order, each one wanted. */
  add(sourceTokens: number, targetTokens: number): void {
    if (this.#source.length === this.#limit) {
      this.#stride *= 2;
      this.#source = this.#source.filter((_, i) => i % 2 === 0);
      this.#target = this.#target.filter((_, i) => i % 2 === 0);
      // With an odd limit the row at hand is no longer on the grid.
      if (this.#limit % 2 === 1) return;
    }
    this.#source.push(sourceTokens);
    this.#target.push(targetTokens);
  }

  summary(model: string, { maxSourceTokens, maxTargetTokens }: TokenLimits): DatasetReport['tokens'] {
    const source = new LengthCounter();
    const target = new LengthCounter();
    let truncated = 0;
    this.#source.forEach((sourceTokens, i) => {
      const targetTokens = this.#target[i] as number;
      source.add(sourceTokens);
      target.add(targetTokens);
      if (sourceTokens > (maxSourceTokens ?? Infinity) || targetTokens > (maxTargetTokens ?? Infinity)) truncated += 1;
    });
    return {
      model,
      sampledRows: this.#source.length,
      source: source.summary(),
      target: target.summary(),
      maxSourceTokens,
      maxTargetTokens,
      truncatedShare: truncated / Math.max(1, this.#source.length),
    };
  }
}
