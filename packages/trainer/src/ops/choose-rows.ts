import { concat, gather, type Tensor, type Tensor1D, type Tensor2D, zeros } from '@tensorflow/tfjs-core';
import { defineOp } from './define-op.ts';

export const chooseRowsOp = defineOp<'x' | 'rows' | 'places'>({
  name: 'CapstanChooseRows',
  forward: ({ x, rows }) => [gather(x, rows as Tensor1D)],
  inputsToSave: ['places'],
  outputsToSave: [false],
  gradient: (upstream, saved, { width }) => ({
    x: () => gather(concat([upstream, zeros([1, Number(width)])]), saved[0] as Tensor1D),
  }),
});

export interface RowChoice {
  /** [count] int32: the row that each chosen one is. */
  rows: Tensor;
  /** [height] int32: where each row went, `count` for nowhere; so the gradient is a choice too. */
  places: Tensor;
}

/** x: [height, width] → [count, width]; a row is chosen once at most. */
export function chooseRows(x: Tensor2D, { rows, places }: RowChoice): Tensor2D {
  return chooseRowsOp({ x, rows, places }, { width: x.shape[1] }) as Tensor2D;
}

/** The inverse of a choice among `height` rows. */
export function placesOf(rows: Int32Array, height: number): Int32Array {
  const places = new Int32Array(height).fill(rows.length);
  for (const [place, row] of rows.entries()) places[row] = place;
  return places;
}
