import { z } from 'zod';

/** Every linear layer of the base but its head, as PEFT's `all-linear`. */
export const ALL_LINEAR = 'all-linear';

const moduleName = z.string().regex(/^[A-Za-z0-9_.]{1,128}$/, 'A module name holds letters, digits, "_" and "." only.');

/** Few enough repetitions, none of them nested, that matching a module's path always ends at once. */
const MAX_REPEATS = 3;

const moduleExpression = z
  .string()
  .max(256)
  .regex(/^[A-Za-z0-9_.|()[\]\\*+?^$-]+$/, 'A pattern of module names holds letters, digits and . | ( ) [ ] \\ * + ? ^ $ - only.')
  .refine((text) => (text.match(/[*+?]/g)?.length ?? 0) <= MAX_REPEATS && !/\)[*+?]/.test(text), {
    message: `A pattern of module names repeats at most ${MAX_REPEATS} times, and repeats no group.`,
  })
  .refine(isExpression, { message: 'The pattern of module names is not a regular expression.' });

function isExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

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
  targetModules: z.union([z.literal(ALL_LINEAR), moduleExpression, z.array(moduleName).min(1).max(64)]).default(ALL_LINEAR),
  /** Scales by `alpha / √r` instead (rank-stabilised LoRA). */
  rankStabilised: z.boolean().optional(),
  /** Trains every column's length apart from its direction (DoRA, Liu et al., 2024, arXiv:2402.09353). */
  weightDecomposed: z.boolean().optional(),
  /** Modules that the adapter holds whole, trained copies of. */
  modulesToSave: z.array(moduleName).max(16).optional(),
  /** Only these layers, from 0, are adapted. */
  layersToTransform: z.array(z.number().int().min(0).max(1_023)).min(1).max(1_024).optional(),
});
export type LoraConfig = z.infer<typeof loraConfigSchema>;
