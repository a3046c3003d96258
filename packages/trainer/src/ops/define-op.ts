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

export interface OpDefinition<Name extends string> {
  name: string;
  /** Built from plain ops; they run inside one kernel, so none of them reaches the tape. */
  forward(inputs: Record<Name, Tensor>, attributes: NamedAttrMap): Tensor[];
  inputsToSave: readonly Name[];
  outputsToSave: readonly boolean[];
  /** One function per differentiable input. tfjs calls only those on a path to a trainable tensor: frozen weights cost nothing. */
  gradient(upstream: Tensor, saved: Tensor[], attributes: NamedAttrMap): Partial<Record<Name, () => Tensor>>;
}

export interface Op<Name extends string> {
  (inputs: Record<Name, Tensor>, attributes?: NamedAttrMap): Tensor;
  register(backendName: string): void;
}

/**
 * Makes one taped op of several plain ones, with a gradient of its own. At this size every backend is bound by dispatch and by
 * memory, so a norm or an activation as a single node of the tape saves both. The gradient is one of the first output.
 */
export function defineOp<Name extends string>(definition: OpDefinition<Name>): Op<Name> {
  const { name, forward, gradient } = definition;
  registerGradient({
    kernelName: name,
    inputsToSave: [...definition.inputsToSave],
    outputsToSave: [...definition.outputsToSave],
    gradFunc: (upstream, saved, attributes) => {
      const first = (Array.isArray(upstream) ? upstream[0] : upstream) as Tensor;
      return gradient(first, saved, attributes) as Record<string, () => Tensor>;
    },
  });
  const op = (inputs: Record<Name, Tensor>, attributes: NamedAttrMap = {}): Tensor => {
    const outputs: Tensor | Tensor[] = engine().runKernel(name, inputs as NamedTensorMap, attributes);
    return (Array.isArray(outputs) ? outputs[0] : outputs) as Tensor;
  };
  const register = (backendName: string): void => {
    if (getKernel(name, backendName) !== undefined) unregisterKernel(name, backendName);
    registerKernel({
      kernelName: name,
      backendName,
      kernelFunc: ({ inputs, attrs }) => tidy(() => forward(inputs as Record<Name, Tensor>, attrs ?? {})),
    });
  };
  return Object.assign(op, { register });
}
