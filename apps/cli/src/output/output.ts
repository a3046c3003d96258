import pc from 'picocolors';
import type { CliContext } from '../cli-context.ts';
import { renderTable, type TableOptions } from './table.ts';

export type Colors = ReturnType<typeof pc.createColors>;

/** Where a command's words go: results to standard output, remarks and progress to standard error. */
export interface Output {
  json: boolean;
  /** Standard output is a terminal and a person reads it. */
  interactive: boolean;
  columns: number;
  colors: Colors;
  /** One result: the document as JSON, or `text()` for people. */
  result: (document: unknown, text: () => string) => void;
  /** One document of a stream: a JSON line, or `text()` where it gives one. */
  item: (document: unknown, text: () => string | null) => void;
  line: (text?: string) => void;
  /** A remark that is not part of the result. */
  note: (text: string) => void;
  table: (rows: string[][], options: TableOptions) => string;
}

const DEFAULT_COLUMNS = 80;

/** Colours follow NO_COLOR and FORCE_COLOR, and otherwise whether standard output is a terminal. */
export function makeOutput({ env, stdout, stderr }: CliContext, { json }: { json: boolean }): Output {
  const isTerminal = stdout.isTTY === true;
  const colors = pc.createColors(wantsColor(env, isTerminal) && !json);
  const line = (text = '') => void stdout.write(`${text}\n`);
  return {
    json,
    interactive: isTerminal && !json,
    columns: stdout.columns ?? DEFAULT_COLUMNS,
    colors,
    result: (document, text) => line(json ? JSON.stringify(document, null, 2) : text()),
    item: (document, text) => {
      const shown = json ? JSON.stringify(document) : text();
      if (shown !== null) line(shown);
    },
    line,
    note: (text) => void stderr.write(`${text}\n`),
    table: (rows, options) => renderTable(rows, { emphasise: colors.bold, ...options }),
  };
}

function wantsColor(env: CliContext['env'], isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return true;
  return isTerminal && env.TERM !== 'dumb';
}
