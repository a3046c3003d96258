import { z } from 'zod';

export const modelObjectSchema = z.looseObject({
  id: z.string(),
  object: z.literal('model'),
  created: z.number().int(),
  owned_by: z.string(),
  capstan: z
    .looseObject({
      kind: z.enum(['base', 'fine-tuned']),
      base: z.string().nullable(),
      job_id: z.string().nullable(),
      method: z.enum(['lora', 'full']).nullable(),
      parameter_count: z.number().nullable(),
    })
    .optional(),
});
export type ModelObject = z.infer<typeof modelObjectSchema>;
