import { registerCheckpoints } from '../checkpointed-layer.ts';
import { addBiasOp } from './add-bias.ts';
import { addMaskOp } from './add-mask.ts';
import { attentionOp } from './attention.ts';
import { chooseRowsOp } from './choose-rows.ts';
import { columnsOp } from './columns.ts';
import { registerCrossEntropy } from './cross-entropy.ts';
import { doraLinearOp } from './dora-linear.ts';
import { foldWidthOp } from './fold-width.ts';
import { gatedSiluOp } from './gated-silu.ts';
import { gatherRowsOp } from './gather-rows.ts';
import { geluOp, geluTanhOp } from './gelu.ts';
import { mergeHeadsOp, splitHeadsOp } from './heads.ts';
import { layerNormOp } from './layer-norm.ts';
import { loraLinearOp } from './lora-linear.ts';
import { positionTableOp } from './position-table.ts';
import { rmsNormOp } from './rms-norm.ts';
import { rotateOp } from './rotate.ts';
import { applyMaskOp, scaleByOp } from './scale-by.ts';
import { registerStockGradients } from './stock-gradients.ts';

const OPS = [
  addBiasOp,
  addMaskOp,
  applyMaskOp,
  attentionOp,
  chooseRowsOp,
  columnsOp,
  doraLinearOp,
  foldWidthOp,
  gatedSiluOp,
  gatherRowsOp,
  geluOp,
  geluTanhOp,
  layerNormOp,
  loraLinearOp,
  mergeHeadsOp,
  positionTableOp,
  rmsNormOp,
  rotateOp,
  scaleByOp,
  splitHeadsOp,
];

/** Makes our fused ops known to a backend; doing it again changes nothing. */
export function registerOps(backendName: string): void {
  for (const op of OPS) op.register(backendName);
  registerCrossEntropy(backendName);
  registerCheckpoints(backendName);
  registerStockGradients();
}
