import type { HostTensor } from '../host-tensor.ts';
import { MASKED } from '../padding-mask.ts';

export interface Span {
  /** New tokens of every row. */
  length: number;
  /** Tokens of every row that the caches hold. */
  past: number;
  /** Padding before each row's first token; empty where there is none. */
  starts: readonly number[];
}

/** The position of every new token, counted from its row's first, row by row; of one row alone where all are alike. */
export function positionsOf({ length, past, starts }: Span): Int32Array {
  const rows = starts.length > 0 ? starts : [0];
  return Int32Array.from(rows.flatMap((start) => Array.from({ length }, (_, i) => Math.max(0, past + i - start))));
}

/** [rows or 1, 1, length, past + length]: MASKED where a key lies ahead of its query, before its row's start, or out of the window. */
export function causalBias({ length, past, starts }: Span, window: number | null): HostTensor {
  const rows = starts.length > 0 ? starts : [0];
  const keys = past + length;
  const bias = new Float32Array(rows.length * length * keys);
  for (const [row, start] of rows.entries()) {
    for (let query = 0; query < length; query++) {
      const first = window === null ? start : Math.max(start, past + query - window + 1);
      const offset = (row * length + query) * keys;
      bias.fill(MASKED, offset, offset + Math.min(first, keys));
      bias.fill(MASKED, offset + past + query + 1, offset + keys);
    }
  }
  return { values: bias, shape: [rows.length, 1, length, keys] };
}
