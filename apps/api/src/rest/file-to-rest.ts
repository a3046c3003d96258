import type { DatasetReport, FileObject, FilePurpose, FileReportObject, LengthSummary } from '@capstan/core';
import type { FileRecord } from '@capstan/db';
import { unixTime } from './unix-time.ts';

export function fileToRest(file: FileRecord): FileObject {
  return {
    id: file.id,
    object: 'file',
    bytes: file.bytes,
    created_at: unixTime(file.createdAt),
    filename: file.filename,
    purpose: file.purpose as FilePurpose,
    status: file.status,
    ...(file.expiresAt ? { expires_at: unixTime(file.expiresAt) } : {}),
    ...(file.statusDetails === null ? {} : { status_details: file.statusDetails }),
  };
}

export function reportToRest(fileId: string, report: DatasetReport): FileReportObject {
  const { tokens, characters, duplicates } = report;
  return {
    object: 'file.report',
    file_id: fileId,
    format: report.format,
    bytes: report.bytes,
    rows: report.rows,
    bad_rows: report.badRows,
    blank_lines: report.blankLines,
    problems: report.problems,
    problems_omitted: report.problemsOmitted,
    notes: report.notes,
    characters: characters && { source: lengthToRest(characters.source), target: lengthToRest(characters.target) },
    tokens: tokens && {
      model: tokens.model,
      sampled_rows: tokens.sampledRows,
      source: lengthToRest(tokens.source),
      target: lengthToRest(tokens.target),
      max_source_tokens: tokens.maxSourceTokens,
      max_target_tokens: tokens.maxTargetTokens,
      truncated_share: tokens.truncatedShare,
    },
    duplicates: {
      rows: duplicates.rows,
      share: duplicates.share,
      examples: duplicates.examples.map(({ line, firstLine }) => ({ line, first_line: firstLine })),
    },
  };
}

function lengthToRest({ buckets, ...figures }: LengthSummary) {
  return { ...figures, buckets: buckets.map(({ upTo, rows }) => ({ up_to: upTo, rows })) };
}
