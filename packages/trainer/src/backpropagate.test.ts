import { add, engine, exp, matMul, memory, relu, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { initBackend } from './backend.ts';
import { backpropagate } from './backpropagate.ts';
import { scaleBy } from './ops/scale-by.ts';

beforeAll(async () => {
  await initBackend({ prefer: 'wasm', threads: 1 });
});

const matrix = (seed: number): Tensor =>
  tensor(
    new Float32Array(9).map((_, i) => Math.sin(seed + i)),
    [3, 3],
  );
/** [1, 3] · x · [3, 1]: a scalar that is linear in x. */
const total = (x: Tensor): Tensor => matMul(matMul(tensor([1, 1, 1], [1, 3]), x), tensor([1, 1, 1], [3, 1]));

describe('backpropagate', () => {
  it('gives the gradients that tfjs gives, also of a tensor that is used more than once', () => {
    tidy(() => {
      const [x, y] = [matrix(1), matrix(2)];
      const f = () => total(relu(add(matMul(x, y), scaleBy(x, 3))));
      const { value, gradients } = backpropagate(f, [x, y]);
      const expected = engine().gradients(f, [x, y]);
      expect([...value.dataSync()]).toEqual([...expected.value.dataSync()]);
      for (const [i, gradient] of gradients.entries())
        expect([...gradient.dataSync()]).toEqual([...(expected.grads[i] as Tensor).dataSync()]);
    });
  });

  it('leaves nothing behind but what it returns', () => {
    const [x, y] = [matrix(1), matrix(2)];
    const before = memory().numTensors;
    const { value, gradients } = backpropagate(() => tidy(() => total(relu(matMul(matMul(x, y), y)))), [x]);
    for (const made of [value, ...gradients]) made.dispose();
    expect(memory().numTensors).toBe(before);
    for (const made of [x, y]) made.dispose();
  });

  it('says which op lacks a gradient, and which variable has no part in the value', () => {
    tidy(() => {
      const [x, y] = [matrix(1), matrix(2)];
      expect(() => backpropagate(() => total(exp(x)), [x])).toThrow('Exp has no gradient for its input "x".');
      expect(() => backpropagate(() => total(x), [x, y])).toThrow('does not depend on every variable');
    });
  });
});
