import type { FileReportObject } from '@capstan/core';
import { formatBytes, formatCount, formatShare, wrap } from '../output/format.ts';
import type { Output } from '../output/output.ts';

type Length = NonNullable<FileReportObject['characters']>['source'];

const SHOWN_PROBLEMS = 10;
const NAME_COLUMN = 14;

/** What was found in an uploaded dataset, as names and values; its first problems by line below. */
export function reportText(report: FileReportObject, output: Output): string {
  const width = Math.max(20, output.columns - NAME_COLUMN);
  const rows = reportRows(report).map(([name = '', value = '']) => [output.colors.dim(name), wrap(value, width).join('\n')]);
  return [output.table(rows, { headings: null }), ...problemLines(report, output)].join('\n');
}

function reportRows(report: FileReportObject): string[][] {
  const { tokens, duplicates } = report;
  const bad = report.bad_rows === 0 ? 'none bad' : `${formatCount(report.bad_rows)} bad`;
  const rows = [
    ['rows', `${formatCount(report.rows)} (${bad}), ${formatBytes(report.bytes)}${report.format === null ? '' : `, ${report.format}`}`],
  ];
  if (tokens !== null) {
    rows.push(['source', lengthText(tokens.source, 'tokens')], ['target', lengthText(tokens.target, 'tokens')]);
    if (tokens.max_source_tokens !== null || tokens.max_target_tokens !== null) {
      rows.push([
        'cut off',
        `${formatShare(tokens.truncated_share)} of rows at ${tokens.max_source_tokens ?? '∞'} → ${tokens.max_target_tokens ?? '∞'} tokens`,
      ]);
    }
  } else if (report.characters !== null) {
    const { source, target } = report.characters;
    rows.push(['source', lengthText(source, 'characters')], ['target', lengthText(target, 'characters')]);
  }
  rows.push(['duplicates', duplicates.rows === 0 ? 'none' : `${formatCount(duplicates.rows)} rows, ${formatShare(duplicates.share)}`]);
  return [...rows, ...report.notes.map((note) => ['note', note])];
}

function lengthText({ mean, p50, p95, max }: Length, unit: string): string {
  return `${formatCount(mean)} ${unit} on average, half up to ${formatCount(p50)}, 95 % up to ${formatCount(p95)}, longest ${formatCount(max)}`;
}

function problemLines({ problems, problems_omitted: omitted }: FileReportObject, { colors }: Output): string[] {
  const shown = problems.slice(0, SHOWN_PROBLEMS);
  const lines = shown.map(({ message }) => `${colors.red('!')} ${message}`);
  const more = omitted + problems.length - shown.length;
  return more === 0 ? lines : [...lines, `… and ${formatCount(more)} more; --json lists them.`];
}
