import { engine, matMul, randomNormal, type Tensor, tensor, tensor1d, tidy, util } from '@tensorflow/tfjs-core';
import { takeValues } from './host-tensor.ts';
import { gatherRows } from './ops/gather-rows.ts';

const TOLERANCE = 1e-5;

/**
 * Checks the current backend on what a wrong kernel would spoil: a batched, transposed product and the gradients of a product
 * and of a gather, against plain loops. Returns what is wrong, or nothing.
 */
export async function selfTest(): Promise<string | undefined> {
  const [batch, rows, inner, columns] = [2, 3, 5, 4];
  const a = wave(batch * inner * rows, 0.7); // [batch, inner, rows], used transposed
  const b = wave(batch * columns * inner, 0.3); // [batch, columns, inner], used transposed
  const product = new Float32Array(batch * rows * columns);
  const gradient = new Float32Array(a.length); // of ½ Σ product²
  forEachTerm({ batch, rows, inner, columns }, (p, i, j) => {
    product[p] = at(product, p) + at(a, i) * at(b, j);
  });
  forEachTerm({ batch, rows, inner, columns }, (p, i, j) => {
    gradient[i] = at(gradient, i) + at(product, p) * at(b, j);
  });
  const computed = tidy(() => {
    const x = tensor(a, [batch, inner, rows]);
    const y = tensor(b, [batch, columns, inner]);
    const { value, grads } = engine().gradients(() => matMul(x, y, true, true), [x], tensor(product, [batch, rows, columns]));
    return { value, byX: grads[0] as Tensor, byTable: gatherGradient() };
  });
  if (!areClose(await takeValues(computed.value), product)) return 'its batched matrix product is wrong';
  if (!areClose(await takeValues(computed.byX), gradient)) return 'its gradient of a matrix product is wrong';
  if (!areClose(await takeValues(computed.byTable), [1, 1, 0, 0, 2, 2])) return 'its gradient of a gather is wrong';
  return undefined;
}

/** The rate of a 256 × 256 product, in 10⁹ operations per second: the best of a few short rounds, so that a busy machine counts less. */
export async function measureGflops(): Promise<number> {
  const size = 256;
  const x: Tensor = randomNormal([size, size]);
  const products = async (count: number): Promise<number> => {
    const begin = util.now();
    for (let i = 1; i < count; i++) matMul(x, x).dispose();
    await takeValues(matMul(x, x));
    return (util.now() - begin) / count;
  };
  await products(WARM_UP);
  let fastest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) fastest = Math.min(fastest, await products(4));
  x.dispose();
  return (2 * size ** 3) / (fastest * 1e6);
}

/** Products until the engine has compiled the kernel with all optimisations. */
const WARM_UP = 12;
const ROUNDS = 6;

function gatherGradient(): Tensor {
  const table = tensor(wave(6, 0.9), [3, 2]);
  const { grads } = engine().gradients(() => gatherRows(table, tensor1d([2, 0, 2], 'int32')), [table]);
  return grads[0] as Tensor;
}

interface Sizes {
  batch: number;
  rows: number;
  inner: number;
  columns: number;
}

/** Visits the positions of every term of the product: of the product, of a and of b. */
function forEachTerm({ batch, rows, inner, columns }: Sizes, visit: (p: number, i: number, j: number) => void): void {
  for (let n = 0; n < batch; n++) {
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) {
        for (let k = 0; k < inner; k++) visit((n * rows + r) * columns + c, (n * inner + k) * rows + r, (n * columns + c) * inner + k);
      }
    }
  }
}

function wave(size: number, frequency: number): Float32Array {
  return new Float32Array(size).map((_, i) => Math.sin(1 + i * frequency));
}

function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number;
}

function areClose(actual: Float32Array, expected: ArrayLike<number>): boolean {
  return actual.every((value, i) => Math.abs(value - at(expected, i)) <= TOLERANCE * Math.max(1, Math.abs(at(expected, i))));
}
