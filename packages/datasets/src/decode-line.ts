import type { DatasetProblem } from '@capstan/core';
import { type Line, MAX_LINE_BYTES } from './read-lines.ts';

export type DecodedLine =
  | { kind: 'text'; text: string; byteOrderMark: boolean; carriageReturn: boolean }
  | { kind: 'blank' }
  | { kind: 'problem'; problem: DatasetProblem };

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const BYTE_ORDER_MARK = '\ufeff';

/** The text of a line, forgiving a byte order mark and CRLF; what cannot be text becomes a problem that says what to do. */
export function decodeLine({ number, bytes, tooLong }: Line): DecodedLine {
  const refuse = (message: string): DecodedLine => ({
    kind: 'problem',
    problem: { line: number, field: null, message: `line ${number}: ${message}` },
  });
  if (tooLong) return refuse(`the line is longer than ${MAX_LINE_BYTES >> 20} MiB; split or shorten the row.`);
  if (bytes.includes(0)) return refuse('the line holds NUL bytes; if the file is UTF-16, save it as UTF-8.');
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return refuse(`the line is not UTF-8 from byte ${firstInvalidByte(bytes) + 1} on; save the file as UTF-8.`);
  }
  const byteOrderMark = number === 1 && text.startsWith(BYTE_ORDER_MARK);
  const carriageReturn = text.endsWith('\r');
  const plain = text.slice(byteOrderMark ? 1 : 0, carriageReturn ? -1 : undefined);
  return plain.trim() === '' ? { kind: 'blank' } : { kind: 'text', text: plain, byteOrderMark, carriageReturn };
}

/** Decoding replaces each invalid sequence by U+FFFD; the bytes before the first that was not there are good. */
function firstInvalidByte(bytes: Uint8Array): number {
  const again = Buffer.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  const difference = again.findIndex((byte, i) => byte !== bytes[i]);
  return difference === -1 ? Math.min(again.length, bytes.length) : difference;
}
