import type { Network } from '../network.ts';
import type { NativeBackend } from './native-backend.ts';

/**
 * TensorFlow gets a weight when it is first used. Before a recording it must have all of them: else it would take a weight for a constant, and a tied
 * head for something to compute.
 */
export function handOverWeights(native: NativeBackend, { model, adapter, training }: Network): void {
  const trained = adapter?.parameters().map((parameter) => parameter.value()) ?? [];
  const head = training?.trainsModel ? [] : [model.headWeight()];
  native.getInputTensorIds([...model.layout.map(({ name }) => model.weight(name)), ...head, ...trained]);
}
