import { type DatasetFormat, type DatasetProblem, type DatasetRow, mixedFormatProblem, parseDatasetLine } from '@capstan/core';
import { decodeLine } from './decode-line.ts';
import { readLines } from './read-lines.ts';

/** What a line of a dataset turned out to be. `bytes` counts the line's own, without its end. */
export type DatasetEntry =
  | { kind: 'row'; line: number; row: DatasetRow; byteOrderMark: boolean; carriageReturn: boolean }
  | { kind: 'bad'; line: number; problems: DatasetProblem[] }
  | { kind: 'blank'; line: number };

/** Every line of a JSONL dataset in order, good or bad; the first good row decides the format of the file. */
export async function* readDataset(stream: AsyncIterable<Uint8Array>): AsyncGenerator<DatasetEntry> {
  let first: { line: number; format: DatasetFormat } | undefined;
  for await (const bytes of readLines(stream)) {
    const line = bytes.number;
    const decoded = decodeLine(bytes);
    if (decoded.kind === 'blank') {
      yield { kind: 'blank', line };
    } else if (decoded.kind === 'problem') {
      yield { kind: 'bad', line, problems: [decoded.problem] };
    } else {
      const parsed = parseDatasetLine(decoded.text, line);
      const problems = parsed.ok ? formatProblems(parsed.row, line, first) : parsed.problems;
      if (!parsed.ok || problems.length > 0) {
        yield { kind: 'bad', line, problems };
        continue;
      }
      first ??= { line, format: parsed.row.format };
      const { byteOrderMark, carriageReturn } = decoded;
      yield { kind: 'row', line, row: parsed.row, byteOrderMark, carriageReturn };
    }
  }
}

function formatProblems(
  { format }: DatasetRow,
  line: number,
  first: { line: number; format: DatasetFormat } | undefined,
): DatasetProblem[] {
  return first === undefined || first.format === format ? [] : [mixedFormatProblem(line, format, first)];
}
