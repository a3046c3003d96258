import { z } from 'zod';
import { type DecodingOptions, decodingOptionsSchema } from '../decoding-options.ts';

const { shape } = decodingOptionsSchema;

/** What evaluations decode by; they never sample. */
export const evaluationDecodingSchema = z.strictObject({
  repetition_penalty: shape.repetitionPenalty.meta({ description: 'Above 1 makes tokens that the text holds already less likely.' }),
  num_beams: shape.numBeams.meta({ description: 'More than 1 searches for the likeliest text by that many beams, and does not sample.' }),
  length_penalty: shape.lengthPenalty.meta({ description: 'Beams are compared by their score over their length to this power; 1.' }),
  early_stopping: shape.earlyStopping.meta({ description: 'Ends a search with the first whole texts, one for each beam; false.' }),
});

/** Transformers' names for what OpenAI has no word for. */
export const decodingSchema = evaluationDecodingSchema.extend({
  top_k: shape.topK.meta({ description: 'Samples from this many of the likeliest tokens; 0 takes all.' }),
});

/** The options under the names that the rest of the house has for them. */
export function decodingFromRest({ top_k, ...options }: z.infer<typeof decodingSchema>): DecodingOptions {
  return {
    topK: top_k,
    repetitionPenalty: options.repetition_penalty,
    numBeams: options.num_beams,
    lengthPenalty: options.length_penalty,
    earlyStopping: options.early_stopping,
  };
}
