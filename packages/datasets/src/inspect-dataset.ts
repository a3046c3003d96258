import { type DatasetProblem, type DatasetReport, type DatasetRow, toSourceTarget } from '@capstan/core';
import { countTokens } from './count-tokens.ts';
import { FingerprintList } from './fingerprints.ts';
import { LengthCounter } from './length-counter.ts';
import { type DatasetEntry, readDataset } from './read-dataset.ts';
import { createTimeSlice, type TimeSlice } from './time-slice.ts';
import { TokenSample } from './token-sample.ts';
import type { Tokenizer } from './tokenizer.ts';

export interface InspectOptions {
  /** Counts tokens, and the model that it belongs to. Without one the report's `tokens` is null. */
  tokenizer?: { model: string; encode: Tokenizer['encode'] } | undefined;
  maxSourceTokens?: number | undefined;
  maxTargetTokens?: number | undefined;
  /** How many problems are named; default 100. All are counted. */
  maxProblems?: number | undefined;
  /** Rows beyond are not read and make the dataset bad; default 2,000,000, which bounds memory to ~150 MB. */
  maxRows?: number | undefined;
  /** Token counts are exact up to so many rows, beyond from a sample; default 5,000. */
  sampleRows?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface DatasetInspection {
  report: DatasetReport;
  /** Two a row, for `leakage`. */
  fingerprints: BigUint64Array;
}

const MAX_DUPLICATE_EXAMPLES = 10;

/**
 * Reads a JSONL dataset once, as a stream, and tells all that is worth knowing before training. Never throws for what the file
 * holds: `report.badRows` above 0 means that it cannot be trained on. Serves the event loop at least every 20 ms or so.
 */
export async function inspectDataset(stream: AsyncIterable<Uint8Array>, options: InspectOptions = {}): Promise<DatasetInspection> {
  const { signal, maxRows = 2_000_000 } = options;
  const inspection = new Inspection(options);
  const slice = createTimeSlice();
  for await (const entry of readDataset(inspection.countBytes(stream))) {
    signal?.throwIfAborted();
    if (inspection.rows === maxRows && entry.kind !== 'blank') {
      inspection.refuse([tooManyRows(entry.line, maxRows)]);
      break;
    }
    await inspection.take(entry, slice);
    if (slice.isOver()) await slice.rest();
  }
  return inspection.finish();
}

class Inspection {
  rows = 0;
  #bytes = 0;
  #badRows = 0;
  #blankLines = 0;
  #format: DatasetReport['format'] = null;
  #byteOrderMark = false;
  #carriageReturns = 0;
  #duplicates = 0;
  readonly #duplicateExamples: { line: number; firstLine: number }[] = [];
  readonly #problems: DatasetProblem[] = [];
  #problemsOmitted = 0;
  readonly #sourceCharacters = new LengthCounter();
  readonly #targetCharacters = new LengthCounter();
  readonly #fingerprints = new FingerprintList();
  readonly #sample: TokenSample;
  readonly #options: InspectOptions;

  constructor(options: InspectOptions) {
    this.#options = options;
    this.#sample = new TokenSample(options.sampleRows ?? 5_000);
  }

  async *countBytes(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of stream) {
      this.#bytes += chunk.length;
      yield chunk;
    }
  }

  async take(entry: DatasetEntry, slice: TimeSlice): Promise<void> {
    if (entry.kind === 'blank') this.#blankLines += 1;
    else if (entry.kind === 'bad') this.refuse(entry.problems);
    else await this.#takeRow(entry, slice);
  }

  refuse(problems: readonly DatasetProblem[]): void {
    this.#badRows += 1;
    const room = (this.#options.maxProblems ?? 100) - this.#problems.length;
    this.#problems.push(...problems.slice(0, room));
    this.#problemsOmitted += Math.max(0, problems.length - room);
  }

  async #takeRow({ line, row, byteOrderMark, carriageReturn }: DatasetEntry & { kind: 'row' }, slice: TimeSlice): Promise<void> {
    const index = this.rows;
    this.rows += 1;
    this.#format ??= row.format;
    this.#byteOrderMark ||= byteOrderMark;
    if (carriageReturn) this.#carriageReturns += 1;
    const { source, target } = this.#measure(row, line);
    const { tokenizer } = this.#options;
    if (tokenizer === undefined || !this.#sample.wants(index)) return;
    this.#sample.add(await countTokens(tokenizer, source, slice), await countTokens(tokenizer, target, slice));
  }

  #measure(row: DatasetRow, line: number): { source: string; target: string } {
    const { source, target } = toSourceTarget(row);
    this.#sourceCharacters.add(source.length);
    this.#targetCharacters.add(target.length);
    const firstLine = this.#fingerprints.add(source, target, line);
    if (firstLine !== undefined) {
      this.#duplicates += 1;
      if (this.#duplicateExamples.length < MAX_DUPLICATE_EXAMPLES) this.#duplicateExamples.push({ line, firstLine });
    }
    return { source, target };
  }

  finish(): DatasetInspection {
    if (this.rows === 0 && this.#badRows === 0) {
      this.refuse([{ line: 1, field: null, message: 'line 1: the file holds no rows; write one JSON object per line.' }]);
    }
    const { tokenizer, maxSourceTokens = null, maxTargetTokens = null } = this.#options;
    const characters = { source: this.#sourceCharacters.summary(), target: this.#targetCharacters.summary() };
    const report: DatasetReport = {
      format: this.#format,
      bytes: this.#bytes,
      rows: this.rows,
      badRows: this.#badRows,
      blankLines: this.#blankLines,
      problems: this.#problems,
      problemsOmitted: this.#problemsOmitted,
      notes: this.#notes(),
      characters: this.rows === 0 ? null : characters,
      tokens:
        tokenizer === undefined || this.rows === 0 ? null : this.#sample.summary(tokenizer.model, { maxSourceTokens, maxTargetTokens }),
      duplicates: { rows: this.#duplicates, share: this.#duplicates / Math.max(1, this.rows), examples: this.#duplicateExamples },
    };
    return { report, fingerprints: this.#fingerprints.toArray() };
  }

  #notes(): string[] {
    const notes: string[] = [];
    if (this.#byteOrderMark) notes.push('The file begins with a byte order mark, which was ignored.');
    if (this.#carriageReturns > 0) notes.push(`${this.#carriageReturns} lines end with CRLF; the carriage returns were ignored.`);
    if (this.#blankLines > 0) notes.push(`${this.#blankLines} blank lines were skipped.`);
    return notes;
  }
}

function tooManyRows(line: number, maxRows: number): DatasetProblem {
  const message = `line ${line}: the file has more than ${maxRows} rows, the rest was not read; split it.`;
  return { line, field: null, message };
}
