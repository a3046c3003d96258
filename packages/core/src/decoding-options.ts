import { z } from 'zod';

/** How a text is decoded beside temperature and top-p, in transformers' words; what is absent has no effect. */
export const decodingOptionsSchema = z.strictObject({
  /** Samples from this many of the likeliest tokens; 0 takes all. */
  topK: z.number().int().min(0).max(1_000).optional(),
  /** Above 1 makes tokens that the text holds already less likely. */
  repetitionPenalty: z.number().gt(0).max(10).optional(),
  /** More than 1 searches for the likeliest text by that many beams, and does not sample. */
  numBeams: z.number().int().min(1).max(16).optional(),
  /** Beams are compared by their score over their length to this power. */
  lengthPenalty: z.number().min(-10).max(10).optional(),
  earlyStopping: z.union([z.boolean(), z.literal('never')], { error: 'Give true, false or "never".' }).optional(),
});
export type DecodingOptions = z.infer<typeof decodingOptionsSchema>;
