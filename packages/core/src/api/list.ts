import { z } from 'zod';

/** OpenAI's cursor list: a client pages by `after = last id` until `has_more` is false. */
export function listSchema<Item extends z.ZodType>(item: Item) {
  return z.looseObject({
    object: z.literal('list'),
    data: z.array(item),
    has_more: z.boolean(),
    first_id: z.string().nullish(),
    last_id: z.string().nullish(),
  });
}

/** What `listSchema` describes, for writers. */
export interface List<Item> {
  object: 'list';
  data: Item[];
  has_more: boolean;
  first_id?: string | null | undefined;
  last_id?: string | null | undefined;
}

/** `after` and `limit` as they arrive in a query string. */
export function pageQuerySchema({ defaultLimit, maxLimit }: { defaultLimit: number; maxLimit: number }) {
  const message = `Give a whole number from 1 to ${maxLimit}.`;
  return z.strictObject({
    after: z
      .string()
      .min(1, 'Give the id of the last item of the page before, or leave `after` out.')
      .max(128, 'This is not an id of an item in this list.')
      .optional()
      .meta({ description: 'The id of the last item of the page before.' }),
    limit: z
      .string()
      .regex(/^\d{1,6}$/, message)
      .transform(Number)
      .pipe(z.number().int().min(1, message).max(maxLimit, message))
      .optional()
      .transform((limit) => limit ?? defaultLimit)
      .meta({ type: 'integer', minimum: 1, maximum: maxLimit, default: defaultLimit, description: 'Items in one page.' }),
  });
}

/** The answer to every DELETE. */
export const deletedSchema = z.looseObject({ id: z.string(), object: z.string(), deleted: z.boolean() });
export type Deleted = z.infer<typeof deletedSchema>;
