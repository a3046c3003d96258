import { z } from 'zod';

const limit = (max: number) => z.number().min(0).max(max).nullable();

const quotaSchema = z.looseObject({
  /** GPUs that its jobs hold at once; null is as many as there are. */
  max_concurrent_gpus: z.number().int().nullable(),
  max_queued_jobs: z.number().int().nullable(),
  /** Of a calendar month, UTC. */
  monthly_budget_usd: z.number().nullable(),
});

/** A tenant: its files, jobs, models and keys, its limits, and what it has in use of them. */
export const projectObjectSchema = z.looseObject({
  id: z.string(),
  object: z.literal('project'),
  name: z.string(),
  created_at: z.number().int(),
  quota: quotaSchema,
  usage: z.looseObject({ held_gpus: z.number().int(), queued_jobs: z.number().int(), spent_usd: z.number() }),
});
export type ProjectObject = z.infer<typeof projectObjectSchema>;

const name = z
  .string({ error: 'Give the name of the project.' })
  .regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, 'A project name holds lower-case letters, digits and "-" only.');

const quotaRequest = {
  max_concurrent_gpus: limit(1_000_000).pipe(z.number().int().nullable()).optional().meta({ description: 'Null takes the limit away.' }),
  max_queued_jobs: limit(10_000_000).pipe(z.number().int().nullable()).optional(),
  monthly_budget_usd: limit(1e9).optional(),
};

export const createProjectRequestSchema = z.strictObject({ name, ...quotaRequest });
export type CreateProjectRequest = z.infer<typeof createProjectRequestSchema>;

export const updateProjectRequestSchema = z
  .strictObject({ name: name.optional(), ...quotaRequest })
  .refine((patch) => Object.keys(patch).length > 0, 'Name at least one member to change, e.g. "max_queued_jobs".');
export type UpdateProjectRequest = z.infer<typeof updateProjectRequestSchema>;
