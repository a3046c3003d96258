import { z } from 'zod';
import { API_KEY_ROLES } from './api-key-object.ts';

/** A browser logs in with a key once; from then on a cookie that scripts cannot read stands for it. */
export const createSessionRequestSchema = z.strictObject({
  api_key: z.string().min(1, 'Give an API key.').max(512, 'An API key is shorter than this.'),
});
export type CreateSessionRequest = z.infer<typeof createSessionRequestSchema>;

/** Who asks: what the key or the session in hand may do, and for which project. */
export const sessionObjectSchema = z.looseObject({
  object: z.literal('session'),
  role: z.enum(API_KEY_ROLES),
  project: z.looseObject({ id: z.string(), name: z.string() }),
  key: z.looseObject({ id: z.string(), name: z.string(), hint: z.string() }),
});
export type SessionObject = z.infer<typeof sessionObjectSchema>;

/** A browser sends no foreign header to another site unless that site allows it, and this one never does: so a request with it is our own page's. */
export const SESSION_HEADER = 'x-capstan-session';

/** Whether a key of `role` may do what needs `needed`. */
export function mayAct(role: (typeof API_KEY_ROLES)[number], needed: (typeof API_KEY_ROLES)[number]): boolean {
  return API_KEY_ROLES.indexOf(role) >= API_KEY_ROLES.indexOf(needed);
}
