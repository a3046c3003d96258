import { z } from 'zod';
import { pageQuerySchema } from './list.ts';

/** Purposes that a client may upload with; the others are only ever answered. */
export const UPLOAD_PURPOSES = ['assistants', 'batch', 'fine-tune', 'vision', 'user_data', 'evals'] as const;
export const FILE_PURPOSES = [...UPLOAD_PURPOSES, 'assistants_output', 'batch_output', 'fine-tune-results'] as const;
export type FilePurpose = (typeof FILE_PURPOSES)[number];

export const fileObjectSchema = z.looseObject({
  id: z.string(),
  object: z.literal('file'),
  bytes: z.number().int(),
  created_at: z.number().int(),
  filename: z.string(),
  purpose: z.enum(FILE_PURPOSES),
  status: z.enum(['uploaded', 'processed', 'error']),
  expires_at: z.number().int().optional(),
  status_details: z.string().optional(),
});
export type FileObject = z.infer<typeof fileObjectSchema>;

/** OpenAI lists up to 10,000 files in one page. */
const FILE_PAGE = { defaultLimit: 10_000, maxLimit: 10_000 };
export const listFilesQuerySchema = pageQuerySchema(FILE_PAGE).extend({
  purpose: z.enum(FILE_PURPOSES, { error: `Give one of ${FILE_PURPOSES.join(', ')}.` }).optional(),
  order: z.enum(['asc', 'desc'], { error: 'Give asc or desc.' }).default('desc'),
});

/** Multipart fields beside `file`; names with brackets are how OpenAI's client flattens objects. */
export const uploadFieldsSchema = z
  .strictObject({
    purpose: z.enum(UPLOAD_PURPOSES, { error: `Give one of ${UPLOAD_PURPOSES.join(', ')}.` }),
    'expires_after[anchor]': z.literal('created_at', { error: 'The only anchor is created_at.' }).optional(),
    'expires_after[seconds]': z
      .string()
      .regex(/^\d{1,8}$/, 'Give a whole number of seconds from 3600 to 2592000.')
      .transform(Number)
      .pipe(z.number().min(3600, 'Files live for at least 3600 seconds.').max(2_592_000, 'Files live for at most 2592000 seconds.'))
      .optional(),
  })
  .refine((fields) => (fields['expires_after[anchor]'] === undefined) === (fields['expires_after[seconds]'] === undefined), {
    path: ['expires_after'],
    message: 'Give both expires_after[anchor] and expires_after[seconds], or neither.',
  });
export type UploadFields = z.infer<typeof uploadFieldsSchema>;
