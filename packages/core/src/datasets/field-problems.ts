/** A problem inside one row, before the line's number is known. `message` goes on after "line 17: ". */
export interface FieldProblem {
  field: string | null;
  message: string;
}

/** A string with text in it, free of what neither a tokenizer nor Postgres can hold. */
export function textProblems(field: string, value: unknown): FieldProblem[] {
  if (value === undefined) return [{ field, message: `${field} is missing; give it as a string.` }];
  if (typeof value !== 'string') return [{ field, message: `${field} is ${describe(value)}; use a string.` }];
  if (value.trim() === '') return [{ field, message: `${field} is empty; write some text or remove the row.` }];
  if (value.includes('\0')) return [{ field, message: `${field} holds a NUL character (\\u0000); remove it.` }];
  if (/\p{Surrogate}/u.test(value))
    return [{ field, message: `${field} holds half of a surrogate pair (\\ud800…\\udfff); write the whole character.` }];
  return [];
}

/** How a value of the wrong kind is called to a person; long values are cut. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 37)}…"` : text;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
