import { z } from 'zod';

/**
 * What `GET /v1/stream` sends: a hint that something is worth reading again, at most one in two seconds. It names pools, which everybody may
 * see, and never jobs, which may be another project's.
 */
export const changeMessageSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('change'),
    data: z.looseObject({
      /** Some job was made, changed, or reported. */
      jobs: z.boolean(),
      /** Pools that were changed, or whose queue or slots were. */
      pools: z.array(z.string()),
      /** Changes may have been missed: everything is worth reading again. */
      all: z.boolean(),
    }),
  }),
]);
export type ChangeMessage = z.infer<typeof changeMessageSchema>;
