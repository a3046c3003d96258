import { z } from 'zod';
import type { HttpAnswer } from './http-request.ts';

export type Verdict = { result: 'answered' | 'refused' | 'unsupported' | 'noCapacity' | 'left' } | { result: 'failed'; problem: string };

/** Stricter than what clients need: all four members, and something to read. */
const errorSchema = z.object({
  error: z.looseObject({ message: z.string().min(1), type: z.string().min(1), param: z.string().nullable(), code: z.string().min(1) }),
});
/** What only a program that talks to itself would say. */
const INTERNALS = /node_modules|Prisma|\n {4}at |ECONNREFUSED|"stack"|postgres:\/\//;

/** Whether the answer keeps the promises: no fault of the server's, every refusal named, nothing of another project's. */
export function judgeHttp(
  answer: HttpAnswer,
  { canary, mayLackCapacity, isHead }: { canary: string; mayLackCapacity: boolean; isHead: boolean },
): Verdict {
  const { status, contentType } = answer;
  const text = answer.body.toString('utf8');
  if (`${answer.headers}\n${text}`.includes(canary)) return failed('shows something of another project', answer);
  if (!isHead && answer.isCut && status < 400) return { result: 'left' };
  if (status < 400)
    return isHead || isReadable(text, contentType) ? { result: 'answered' } : failed('answers with JSON that is none', answer);
  const error = isHead ? null : readError(text);
  if (!isHead && error === null) return failed('refuses without a named error', answer);
  if (error !== null && INTERNALS.test(error.message)) return failed('shows its insides', answer);
  if (status === 501) return { result: 'unsupported' };
  if (status === 429 || status === 503) return mayLackCapacity ? { result: 'noCapacity' } : failed('is not available', answer);
  return status >= 500 ? failed('is a fault of the server', answer) : { result: 'refused' };
}

function readError(text: string): { message: string } | null {
  try {
    return errorSchema.parse(JSON.parse(text)).error;
  } catch {
    return null;
  }
}

function isReadable(text: string, contentType: string): boolean {
  if (!contentType.startsWith('application/json')) return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function failed(problem: string, { status, body }: HttpAnswer): Verdict {
  return { result: 'failed', problem: `${problem}: ${status} ${body.subarray(0, 300).toString('utf8')}` };
}
