import { cast, type GradConfig, greater, matMul, mul, registerGradient, reshape, square, sub, type Tensor } from '@tensorflow/tfjs-core';

/**
 * The gradients of the few stock ops that the model uses outside of ours. tfjs-core registers none by itself, and its own set saves
 * more tensors than the maths needs: `Add` alone would keep every residual branch alive until the backward pass.
 */
export function registerStockGradients(): void {
  for (const gradient of [addGradient, matMulGradient, reluGradient, reshapeGradient, tanhGradient]) registerGradient(gradient);
}

/** Of equal shapes only: tfjs checks every gradient's shape, so a broadcast fails loudly. */
const addGradient: GradConfig = {
  kernelName: 'Add',
  gradFunc: (upstream) => ({ a: () => (upstream as Tensor).clone(), b: () => (upstream as Tensor).clone() }),
};

const matMulGradient: GradConfig = {
  kernelName: 'BatchMatMul',
  inputsToSave: ['a', 'b'],
  gradFunc: (upstream, saved, { transposeA, transposeB }) => {
    const dy = upstream as Tensor;
    const [a, b] = saved as [Tensor, Tensor];
    return {
      a: () => (transposeA ? matMul(b, dy, Boolean(transposeB), true) : matMul(dy, b, false, !transposeB)),
      b: () => (transposeB ? matMul(dy, a, true, Boolean(transposeA)) : matMul(a, dy, !transposeA, false)),
    };
  },
};

const reluGradient: GradConfig = {
  kernelName: 'Relu',
  outputsToSave: [true],
  gradFunc: (upstream, saved) => ({ x: () => mul(upstream as Tensor, cast(greater(saved[0] as Tensor, 0), 'float32')) }),
};

const reshapeGradient: GradConfig = {
  kernelName: 'Reshape',
  inputsToSave: ['x'],
  gradFunc: (upstream, saved) => ({ x: () => reshape(upstream as Tensor, (saved[0] as Tensor).shape) }),
};

const tanhGradient: GradConfig = {
  kernelName: 'Tanh',
  outputsToSave: [true],
  gradFunc: (upstream, saved) => ({ x: () => mul(upstream as Tensor, sub(1, square(saved[0] as Tensor))) }),
};
