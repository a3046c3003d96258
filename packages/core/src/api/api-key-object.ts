import { z } from 'zod';

/** Each role may do all that the ones before it may. */
export const API_KEY_ROLES = ['viewer', 'submitter', 'operator', 'admin'] as const;
export type ApiKeyRole = (typeof API_KEY_ROLES)[number];

export const apiKeyObjectSchema = z.looseObject({
  id: z.string(),
  object: z.literal('api_key'),
  name: z.string(),
  role: z.enum(API_KEY_ROLES),
  project_id: z.string(),
  created_at: z.number().int(),
  /** The key's last characters, to tell keys apart. */
  hint: z.string(),
  /** Only in the answer that creates it; Capstan keeps its hash. */
  key: z.string().optional(),
});
export type ApiKeyObject = z.infer<typeof apiKeyObjectSchema>;

export const createApiKeyRequestSchema = z.strictObject({
  name: z.string().min(1).max(100),
  role: z.enum(API_KEY_ROLES, { error: `Give one of ${API_KEY_ROLES.join(', ')}.` }),
  project: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, 'A project name holds lower-case letters, digits and "-" only.')
    .optional()
    .meta({ description: "Name of the project that the key is for; made if it does not exist. The caller's own by default." }),
});
export type CreateApiKeyRequest = z.infer<typeof createApiKeyRequestSchema>;
