import { add, engine, ones, type Tensor, tidy, zerosLike } from '@tensorflow/tfjs-core';

/**
 * The value of `f`, a scalar, and its gradient by every one of `variables`. What tfjs's own `gradients` does, except that each node's
 * saved activations and upstream gradients are freed as soon as it has been passed, not at the end of the walk: the peak is that of
 * the forward pass alone, and the memory that is reused is still in the processor's cache. It reads the tape, an internal of tfjs,
 * whose version is pinned. The caller disposes the results.
 */
export function backpropagate(f: () => Tensor, variables: readonly Tensor[]): { value: Tensor; gradients: Tensor[] } {
  const { value, tape } = record(f);
  const gradients = walkBack(tape, variables, value, ones(value.shape));
  return { value, gradients: variables.map((variable) => take(gradients, variable)) };
}

/** The gradients of a tensor whose own gradient is `upstream`; zero for variables that it does not depend on. */
export function gradientsThrough(f: () => Tensor, variables: readonly Tensor[], upstream: Tensor): Tensor[] {
  const { value, tape } = record(f);
  const gradients = walkBack(tape, variables, value, upstream.clone());
  value.dispose();
  return variables.map((variable) => gradients.get(variable.id) ?? zerosLike(variable));
}

/** By tensor; what the way there had saved is freed. */
function walkBack(tape: readonly TapeNode[], variables: readonly Tensor[], value: Tensor, upstream: Tensor): Map<number, Tensor> {
  const gradients = new Map<number, Tensor>([[value.id, upstream]]);
  for (const node of nodesBack(tape, variables, value)) {
    const above = node.outputs.map(({ id }) => gradients.get(id) ?? null);
    accumulate(gradients, node, above);
    for (const tensor of [...above, ...node.saved]) tensor?.dispose();
  }
  return gradients;
}

interface TapeNode {
  kernelName: string;
  inputs: Record<string, Tensor>;
  outputs: Tensor[];
  /** Clones that live until the node has been passed. */
  saved: Tensor[];
  gradient?(upstream: (Tensor | null)[]): Record<string, () => Tensor>;
}

interface TapeEngine {
  startTape(): void;
  endTape(): void;
  state: { activeTape: TapeNode[] | null };
}

function record(f: () => Tensor): { value: Tensor; tape: TapeNode[] } {
  const recorder = engine() as unknown as TapeEngine;
  recorder.startTape();
  try {
    const value = tidy(f);
    return { value, tape: recorder.state.activeTape ?? [] };
  } finally {
    recorder.endTape();
    recorder.state.activeTape = null;
  }
}

/** The nodes between the variables and the value, last first, with only the inputs that lead there; what other nodes saved is freed. */
function nodesBack(tape: readonly TapeNode[], variables: readonly Tensor[], value: Tensor): TapeNode[] {
  const fromVariables = new Set(variables.map(({ id }) => id));
  for (const { inputs, outputs } of tape) {
    if (Object.values(inputs).some(({ id }) => fromVariables.has(id))) for (const { id } of outputs) fromVariables.add(id);
  }
  const toValue = new Set([value.id]);
  const nodes: TapeNode[] = [];
  for (const node of [...tape].reverse()) {
    const inputs = Object.entries(node.inputs).filter(([, { id }]) => fromVariables.has(id));
    if (inputs.length > 0 && node.outputs.some(({ id }) => toValue.has(id))) {
      for (const [, { id }] of inputs) toValue.add(id);
      nodes.push({ ...node, inputs: Object.fromEntries(inputs) });
    } else {
      for (const tensor of node.saved) tensor.dispose();
    }
  }
  return nodes;
}

/** Adds the node's share to the gradients of its inputs; a tensor used twice gets the sum. */
function accumulate(gradients: Map<number, Tensor>, node: TapeNode, upstream: (Tensor | null)[]): void {
  const shares = tidy(() => {
    const functions = node.gradient?.(upstream) ?? {};
    return Object.entries(node.inputs).map(([name, { id }]) => ({ id, share: callGradient(node, functions, name) }));
  });
  for (const { id, share } of shares) {
    const before = gradients.get(id);
    gradients.set(id, before === undefined ? share : add(before, share));
    if (before !== undefined) for (const tensor of [before, share]) tensor.dispose();
  }
}

function callGradient(node: TapeNode, functions: Record<string, () => Tensor>, name: string): Tensor {
  const share = functions[name]?.();
  const expected = node.inputs[name]?.shape;
  if (share === undefined) throw new Error(`${node.kernelName} has no gradient for its input "${name}".`);
  if (share.shape.join() !== expected?.join())
    throw new Error(`${node.kernelName}: the gradient of "${name}" is [${share.shape}], not [${expected}].`);
  return share;
}

function take(gradients: ReadonlyMap<number, Tensor>, variable: Tensor): Tensor {
  const gradient = gradients.get(variable.id);
  if (gradient === undefined) throw new Error('The value does not depend on every variable.');
  return gradient;
}
