import {
  engine,
  getKernel,
  type NamedAttrMap,
  type NamedTensorMap,
  registerGradient,
  registerKernel,
  type Tensor,
  tidy,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { gradientsThrough } from './backpropagate.ts';
import type { Network } from './network.ts';
import { modelParameters } from './parameters.ts';

export interface Layer {
  index: number;
  /** What the names of the layer's weights begin with. */
  name: string;
  /** All tensors that the layer reads besides its weights. */
  inputs: readonly Tensor[];
  /** How many of the last inputs never get a gradient. */
  constants: number;
}

type Compute = (network: Network, ...inputs: Tensor[]) => Tensor;

/**
 * One layer of a network. With checkpoints (Chen et al., 2016) the tape keeps only its inputs, and the walk back computes it again: less
 * memory, a third more time, the same gradients. `compute` must depend on nothing but its arguments.
 */
export function runLayer(network: Network, layer: Layer, compute: Compute): Tensor {
  const { training } = network;
  if (training === undefined) return compute(network, ...layer.inputs);
  const run = (inputs: readonly Tensor[]) =>
    compute({ ...network, training: { ...training, masks: training.masks.branch(layer.index) } }, ...inputs);
  return training.checkpoints ? checkpoint(network, layer, run) : run(layer.inputs);
}

interface Attributes {
  run(inputs: readonly Tensor[]): Tensor;
  parameters: readonly Tensor[];
  inputs: number;
  constants: number;
}

function checkpoint(network: Network, { name, inputs, constants }: Layer, run: Attributes['run']): Tensor {
  const parameters = parametersOf(network, name);
  const attributes: Attributes = { run, parameters, inputs: inputs.length, constants };
  // The attributes reach the kernel and the gradient untouched; an array is what "save all inputs" asks for.
  return engine().runKernel(
    KERNEL,
    [...inputs, ...parameters] as unknown as NamedTensorMap,
    attributes as unknown as NamedAttrMap,
  ) as Tensor;
}

function parametersOf({ model, adapter }: Network, name: string): Tensor[] {
  const all = adapter === undefined ? modelParameters(model) : adapter.parameters();
  return all.filter((parameter) => parameter.name.startsWith(`${name}.`)).map((parameter) => parameter.value());
}

const KERNEL = 'CapstanCheckpoint';

/** Must run once per backend before the first use. */
export function registerCheckpoints(backendName: string): void {
  if (getKernel(KERNEL, backendName) !== undefined) unregisterKernel(KERNEL, backendName);
  registerKernel({
    kernelName: KERNEL,
    backendName,
    kernelFunc: ({ inputs, attrs }) => {
      const { run, inputs: count } = attrs as unknown as Attributes;
      return tidy(() => run((inputs as unknown as Tensor[]).slice(0, count)));
    },
  });
  registerGradient({
    kernelName: KERNEL,
    saveAllInputs: true,
    gradFunc: (upstream, saved, attrs) => gradientsOf(upstream as Tensor, saved, attrs as unknown as Attributes),
  });
}

/** Computes the layer again, now on a tape of its own; once for all inputs that are asked for. */
function gradientsOf(
  upstream: Tensor,
  saved: readonly Tensor[],
  { run, parameters, inputs, constants }: Attributes,
): Record<string, () => Tensor> {
  const read = saved.slice(0, inputs);
  const differentiable = read.slice(0, inputs - constants);
  let made: Tensor[] | undefined;
  const gradient = (place: number) => () => {
    made ??= gradientsThrough(() => run(read), [...differentiable, ...parameters], upstream);
    return made[place] as Tensor;
  };
  const ofInputs = differentiable.map((_, i) => [i, gradient(i)]);
  const ofParameters = parameters.map((_, i) => [inputs + i, gradient(differentiable.length + i)]);
  return Object.fromEntries([...ofInputs, ...ofParameters]) as Record<string, () => Tensor>;
}
