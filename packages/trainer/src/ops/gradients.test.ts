import {
  engine,
  relu,
  reshape,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tanh,
  tensor,
  tensor1d,
  tidy,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { initBackend } from '../backend.ts';
import { createRandom } from '../random.ts';
import { addBias } from './add-bias.ts';
import { addMask } from './add-mask.ts';
import { attention } from './attention.ts';
import { chooseRows, placesOf } from './choose-rows.ts';
import { columns } from './columns.ts';
import { crossEntropy } from './cross-entropy.ts';
import { foldWidth } from './fold-width.ts';
import { gatedGelu } from './gated-gelu.ts';
import { gatedSilu } from './gated-silu.ts';
import { gatherRows } from './gather-rows.ts';
import { gelu, geluTanh } from './gelu.ts';
import { mergeHeads, splitHeads } from './heads.ts';
import { layerNorm } from './layer-norm.ts';
import { loraLinear } from './lora-linear.ts';
import { lookUpPositions } from './position-table.ts';
import { rmsNorm } from './rms-norm.ts';
import { rotate } from './rotate.ts';
import { scaleBy } from './scale-by.ts';

beforeAll(async () => {
  await initBackend({ prefer: 'wasm', threads: 1 });
});

interface Case {
  name: string;
  shapes: number[][];
  op(...inputs: Tensor[]): Tensor;
}

const wave4d = (shape: [number, number, number, number]) =>
  tensor(
    new Float32Array(shape.reduce((size, n) => size * n, 1)).map((_, i) => Math.cos(i)),
    shape,
  ) as Tensor4D;
const heads = (queries?: Tensor, keys?: Tensor, values?: Tensor) => ({
  queries: queries as Tensor4D,
  keys: keys as Tensor4D,
  values: values as Tensor4D,
});
const ids = (values: number[]): Tensor1D => tensor1d(values, 'int32');
const frozenWeight = () =>
  tensor(
    new Float32Array(42).map((_, i) => Math.sin(i)),
    [6, 7],
  ) as Tensor2D;
const CASES: Case[] = [
  { name: 'rmsNorm', shapes: [[5, 8], [8]], op: (x, scale) => rmsNorm(x as Tensor2D, scale as Tensor1D, 1e-6) },
  {
    name: 'gatedGelu',
    shapes: [
      [4, 6],
      [4, 6],
    ],
    op: (gate, linear) => gatedGelu(gate as Tensor2D, linear as Tensor2D),
  },
  { name: 'relu', shapes: [[4, 6]], op: (x) => relu(x) },
  {
    name: 'loraLinear',
    shapes: [
      [5, 6],
      [2, 6],
      [2, 7],
    ],
    op: (x, a, b) => loraLinear(x as Tensor2D, x as Tensor2D, frozenWeight(), { a: a as Tensor2D, b: b as Tensor2D, scale: 2 }),
  },
  { name: 'addMask', shapes: [[3, 4, 5]], op: (x) => addMask(x, tensor(new Float32Array(10).fill(-1), [2, 1, 1, 5])) },
  { name: 'splitHeads', shapes: [[6, 8]], op: (x) => splitHeads(x as Tensor2D, 2, 4) },
  { name: 'mergeHeads', shapes: [[2, 4, 3, 2]], op: (x) => mergeHeads(x as Tensor4D) },
  { name: 'gatherRows', shapes: [[4, 3]], op: (table) => gatherRows(table, ids([3, 1, 3, 0])) },
  { name: 'lookUpPositions', shapes: [[4, 2]], op: (table) => lookUpPositions(table, reshape(ids([0, 3, 3, 1, 2, 0]), [2, 3])) },
  {
    name: 'chooseRows',
    shapes: [[4, 3]],
    op: (x) => chooseRows(x as Tensor2D, { rows: ids([3, 1]), places: ids([...placesOf(Int32Array.of(3, 1), 4)]) }),
  },
  { name: 'foldWidth', shapes: [[4, 6]], op: (x) => foldWidth(x as Tensor2D, 3) },
  { name: 'scaleBy', shapes: [[3, 3]], op: (x) => scaleBy(x, 0.25) },
  {
    name: 'crossEntropy with smoothed labels',
    shapes: [[4, 9]],
    op: (logits) => crossEntropy(logits as Tensor2D, ids([8, 0, 3, 3]), 0.2),
  },
  {
    name: 'layerNorm',
    shapes: [[5, 8], [8], [8]],
    op: (x, scale, shift) => layerNorm(x as Tensor2D, scale as Tensor1D, shift as Tensor1D, 1e-6),
  },
  { name: 'addBias', shapes: [[5, 8], [8]], op: (x, bias) => addBias(x as Tensor2D, bias as Tensor1D) },
  { name: 'gelu', shapes: [[4, 6]], op: (x) => gelu(x as Tensor2D) },
  { name: 'geluTanh', shapes: [[4, 6]], op: (x) => geluTanh(x as Tensor2D) },
  {
    name: 'gatedSilu',
    shapes: [
      [4, 6],
      [4, 6],
    ],
    op: (gate, linear) => gatedSilu(gate as Tensor2D, linear as Tensor2D),
  },
  { name: 'columns', shapes: [[4, 9]], op: (x) => columns(x as Tensor2D, 3, 4) },
  {
    name: 'rotate',
    shapes: [[2, 3, 4, 6]],
    op: (x) => rotate(x as Tensor4D, { cosines: wave4d([1, 1, 4, 6]), sines: wave4d([2, 1, 4, 6]) }),
  },
  { name: 'reshape', shapes: [[4, 6]], op: (x) => reshape(x, [3, 8]) },
  { name: 'tanh', shapes: [[4, 6]], op: (x) => tanh(x) },
  {
    name: 'attention of six heads over two',
    shapes: [
      [2, 6, 3, 4],
      [2, 2, 5, 4],
      [2, 2, 5, 4],
    ],
    op: (queries, keys, values) => attention({ ...heads(queries, keys, values), bias: wave4d([2, 1, 1, 5]), scale: 0.5 }),
  },
  {
    name: 'attention with a bias that trains',
    shapes: [
      [2, 3, 4, 2],
      [2, 3, 5, 2],
      [2, 3, 5, 2],
      [3, 4, 5],
    ],
    op: (queries, keys, values, bias) => attention({ ...heads(queries, keys, values), bias: bias as Tensor, scale: 1 }),
  },
  {
    name: 'attention with dropout',
    shapes: [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ],
    op: (queries, keys, values) =>
      attention({ ...heads(queries, keys, values), bias: wave4d([1, 1, 3, 3]), scale: 0.5, mask: wave4d([1, 2, 3, 3]) }),
  },
  { name: 'crossEntropy', shapes: [[4, 9]], op: (logits) => crossEntropy(logits as Tensor2D, ids([8, 0, 3, 3])) },
];

describe('the gradient', () => {
  it.each(CASES)('of $name equals finite differences along a random direction, for every input', ({ shapes, op }) => {
    const random = createRandom(5);
    const noise = (size: number) => new Float32Array(size).map(() => random.normal());
    const values = shapes.map((shape) => noise(shape.reduce((a, b) => a * b, 1)));
    const project = tidy(() => noise(op(...shapes.map((shape, i) => tensor(values[i] as Float32Array, shape))).size));
    const run = (inputs: Float32Array[]) =>
      tidy(() => dot(op(...shapes.map((shape, i) => tensor(inputs[i] as Float32Array, shape))).dataSync(), project));
    for (const [i, shape] of shapes.entries()) {
      const direction = noise(shape.reduce((a, b) => a * b, 1));
      const moved = (epsilon: number) =>
        values.map((value, n) => (n === i ? value.map((v, k) => v + epsilon * (direction[k] as number)) : value));
      const numeric = (run(moved(1e-2)) - run(moved(-1e-2))) / 2e-2;
      const analytic = tidy(() => {
        const inputs = shapes.map((s, n) => tensor(values[n] as Float32Array, s));
        const probe = op(...inputs);
        const { grads } = engine().gradients(() => op(...inputs), [inputs[i] as Tensor], tensor(project, probe.shape));
        return dot(grads[0]?.dataSync() as Float32Array, direction);
      });
      expect(Math.abs(analytic - numeric)).toBeLessThan(5e-3 * Math.max(1, Math.abs(numeric)));
    }
  });

  it('is never asked for where nothing trains: a frozen weight costs no product', () => {
    const x = tensor(new Float32Array(12).fill(1), [3, 4]) as Tensor2D;
    const weight = tensor(new Float32Array(20).fill(1), [4, 5]) as Tensor2D;
    const a = tensor(new Float32Array(8).fill(1), [2, 4]) as Tensor2D;
    const b = tensor(new Float32Array(10).fill(1), [2, 5]) as Tensor2D;
    const before = engine().memory().numTensors;
    const { grads, value } = engine().gradients(() => loraLinear(x, x, weight, { a, b, scale: 1 }), [a, b]);
    expect(grads.map(({ shape }) => shape)).toEqual([
      [2, 4],
      [2, 5],
    ]);
    for (const made of [...grads, value]) made.dispose();
    expect(engine().memory().numTensors).toBe(before);
    for (const made of [x, weight, a, b]) made.dispose();
  });
});

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
