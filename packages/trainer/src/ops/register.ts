import { addMaskOp, biasedSoftmaxOp } from './biased-softmax.ts';
import { registerCrossEntropy } from './cross-entropy.ts';
import { gatherRowsOp } from './gather-rows.ts';
import { mergeHeadsOp, splitHeadsOp } from './heads.ts';
import { loraLinearOp } from './lora-linear.ts';
import { positionTableOp } from './position-table.ts';
import { rmsNormOp } from './rms-norm.ts';
import { applyMaskOp, scaleByOp } from './scale-by.ts';
import { registerStockGradients } from './stock-gradients.ts';

const OPS = [
  addMaskOp,
  applyMaskOp,
  biasedSoftmaxOp,
  gatherRowsOp,
  loraLinearOp,
  mergeHeadsOp,
  positionTableOp,
  rmsNormOp,
  scaleByOp,
  splitHeadsOp,
];

/** Makes our fused ops known to a backend; doing it again changes nothing. */
export function registerOps(backendName: string): void {
  for (const op of OPS) op.register(backendName);
  registerCrossEntropy(backendName);
  registerStockGradients();
}
