import { InvalidRequestError } from '@capstan/core';

/**
 * Refuses NUL characters and halves of surrogate pairs anywhere in parsed JSON: Postgres stores neither. In UTF-8 text both can only
 * come from a `\u` escape, so most bodies cost one search. The walk keeps its own stack, for a body may be nested deeper than ours.
 */
export function refuseUnstorableText(text: string, value: unknown): void {
  if (!text.includes('\\u')) return;
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next === 'string') refuseUnstorable(next, 'body');
    else if (Array.isArray(next)) for (const item of next) pending.push(item);
    else if (typeof next === 'object' && next !== null) for (const [key, item] of Object.entries(next)) pending.push(key, item);
  }
}

/** For text that is no JSON: parts of a path, a query, a form. */
export function refuseUnstorable(text: string, param: string): void {
  if (text.includes('\0')) throw new InvalidRequestError('A text holds a NUL character: remove it.', { param, reason: 'invalid_value' });
  if (/\p{Surrogate}/u.test(text)) {
    throw new InvalidRequestError('A text holds half of a surrogate pair: write the whole character.', { param, reason: 'invalid_value' });
  }
}
