import { z } from 'zod';
import { pageQuerySchema } from './list.ts';

/** One thing that an operator changed: who, what, from what to what. */
export const auditEventObjectSchema = z.looseObject({
  id: z.string(),
  object: z.literal('audit_event'),
  created_at: z.number().int(),
  key: z.looseObject({ id: z.string(), name: z.string() }),
  action: z.string(),
  subject: z.string(),
  before: z.record(z.string(), z.unknown()),
  after: z.record(z.string(), z.unknown()),
});
export type AuditEventObject = z.infer<typeof auditEventObjectSchema>;
export const listAuditEventsQuerySchema = pageQuerySchema({ defaultLimit: 20, maxLimit: 100 });
