import { z } from 'zod';
import { datasetProblemSchema } from '../datasets/dataset-report.ts';

/** The body of every answer that is not a success: OpenAI's four members, and ours under `capstan`. */
export const errorBodySchema = z.looseObject({
  error: z.looseObject({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string().nullable(),
    /** The first bad lines of a refused dataset. */
    capstan: z.looseObject({ problems: z.array(datasetProblemSchema) }).optional(),
  }),
});
export type ErrorBody = z.infer<typeof errorBodySchema>;
