import { gather, matMul, type Tensor, tensor, tensor1d, tidy, unsortedSegmentSum } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { initBackend } from '../backend.ts';
import { createRandom } from '../random.ts';

beforeAll(async () => {
  await initBackend({ prefer: 'wasm', threads: 1 });
});

const random = createRandom(11);
const noise = (shape: number[]): Tensor =>
  tensor(
    new Float32Array(shape.reduce((a, b) => a * b, 1)).map(() => random.normal()),
    shape,
  );

/** a: [rows, inner], b: [inner, columns] as nested arrays. */
function plainProduct(a: number[][], b: number[][]): number[][] {
  return a.map((row) => (b[0] as number[]).map((_, c) => row.reduce((sum, value, k) => sum + value * (b[k]?.[c] as number), 0)));
}
/** One matrix of a batch of any shape. */
function sliceOf(batch: Tensor, index: number): number[][] {
  const [rows = 0, columns = 0] = batch.shape.slice(-2);
  const values = [...batch.dataSync()].slice(index * rows * columns, (index + 1) * rows * columns);
  return Array.from({ length: rows }, (_, row) => values.slice(row * columns, (row + 1) * columns));
}

const flip = (matrix: number[][]): number[][] => (matrix[0] as number[]).map((_, c) => matrix.map((row) => row[c] as number));

describe('the matrix product', () => {
  const sizes = [
    { rows: 3, inner: 5, columns: 4 },
    { rows: 33, inner: 40, columns: 17 },
    { rows: 9, inner: 64, columns: 50 },
  ];
  const cases = sizes.flatMap((size) => [0, 1, 2, 3].map((bits) => ({ ...size, transposeA: (bits & 1) > 0, transposeB: bits > 1 })));

  it.each(cases)('of $rows × $inner × $columns with transposes $transposeA, $transposeB equals plain loops, slice by slice', (size) => {
    const { rows, inner, columns, transposeA, transposeB } = size;
    tidy(() => {
      const a = noise([2, 3, ...(transposeA ? [inner, rows] : [rows, inner])]);
      const b = noise([2, 3, ...(transposeB ? [columns, inner] : [inner, columns])]);
      const product = matMul(a, b, transposeA, transposeB);
      for (const slice of [0, 5]) {
        const [x, y, actual] = [a, b, product].map((tensor4d) => sliceOf(tensor4d, slice)) as [number[][], number[][], number[][]];
        const expected = plainProduct(transposeA ? flip(x) : x, transposeB ? flip(y) : y).flat();
        const errors = actual.flat().map((value, i) => Math.abs(value - (expected[i] as number)));
        expect(Math.max(...errors)).toBeLessThan(1e-4);
      }
    });
  });

  it('broadcasts a single matrix over a batch', () => {
    tidy(() => {
      const a = noise([4, 30, 40]);
      const b = noise([1, 40, 20]);
      const product = matMul(a, b).arraySync() as unknown as number[][][];
      const expected = plainProduct((a.arraySync() as number[][][])[3] as number[][], (b.arraySync() as number[][][])[0] as number[][]);
      expect((product[3] as number[][]).flat()[7]).toBeCloseTo(expected.flat()[7] as number, 4);
    });
  });

  it('is not disturbed by the end of a clone of its factor', () => {
    tidy(() => {
      const [x, weight] = [noise([64, 32]), noise([32, 16])];
      const before = matMul(x, weight).dataSync();
      weight.clone().dispose();
      expect(matMul(x, weight).dataSync()).toEqual(before);
    });
  });

  it('sees new values after a weight is replaced', () => {
    tidy(() => {
      const x = noise([64, 32]);
      const before = matMul(x, noise([32, 16])).dataSync();
      const after = matMul(x, noise([32, 16])).dataSync();
      expect([...before]).not.toEqual([...after]);
    });
  });
});

describe('gather and its gradient', () => {
  it('copies rows in the order of the indices', () => {
    const rows = tidy(() => [...gather(tensor([1, 2, 3, 4, 5, 6], [3, 2]), tensor1d([2, 0, 2], 'int32')).dataSync()]);
    expect(rows).toEqual([5, 6, 1, 2, 5, 6]);
  });

  it('refuses an index outside the table', () => {
    expect(() => tidy(() => gather(tensor([1, 2], [2, 1]), tensor1d([2], 'int32')))).toThrow('index 2 is outside');
  });

  it('adds rows of the same segment and drops negative ids', () => {
    tidy(() => {
      const sums = unsortedSegmentSum(tensor([1, 2, 3, 4, 5, 6], [3, 2]), tensor1d([1, -1, 1], 'int32'), 3);
      expect([...sums.dataSync()]).toEqual([0, 0, 6, 8, 0, 0]);
    });
  });
});
