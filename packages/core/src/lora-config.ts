import { z } from 'zod';

/** Every linear layer of the base but its head, as PEFT's `all-linear`. */
export const ALL_LINEAR = 'all-linear';

const moduleName = z.string().regex(/^[A-Za-z0-9_.]{1,128}$/, 'A module name holds letters, digits, "_" and "." only.');

/**
 * PEFT's `LoraConfig`, field for field. The update is `W x + (alpha / r) · B A dropout(x)` (Hu et al., 2021, arXiv:2106.09685).
 * Defaults are PEFT's, save `r` and `alpha`, for which 8 and 16 are the values that most recipes use.
 */
export const loraConfigSchema = z.strictObject({
  /** Rank of the update, 1..256. */
  r: z.number().int().min(1).max(256).default(8),
  /** Numerator of the scale `alpha / r`. */
  alpha: z.number().positive().max(4096).default(16),
  /** Probability of dropping an input of A while training, 0 ≤ p < 1. */
  dropout: z.number().min(0).lt(1).default(0),
  targetModules: z.union([z.literal(ALL_LINEAR), z.array(moduleName).min(1).max(64)]).default(ALL_LINEAR),
});
export type LoraConfig = z.infer<typeof loraConfigSchema>;
