import { z } from 'zod';
import { DATASET_FORMATS } from './dataset-row.ts';

const count = z.number().int().min(0);
const share = z.number().min(0).max(1);

/** The distribution of a length over rows. Figures are exact for the rows counted; `buckets` is for drawing. */
export const lengthSummarySchema = z.object({
  rows: count,
  min: count,
  mean: z.number().min(0),
  p50: count,
  p95: count,
  p99: count,
  max: count,
  /** Rows of at most `upTo`, and more than the bucket before; empty buckets at either end are left out. */
  buckets: z.array(z.object({ upTo: count, rows: count })),
});
export type LengthSummary = z.infer<typeof lengthSummarySchema>;

export const datasetProblemSchema = z.object({ line: z.number().int().min(1), field: z.string().nullable(), message: z.string() });

/** What is known of a dataset once its upload has been read: kept with the file, shown before any GPU is used. */
export const datasetReportSchema = z.object({
  format: z.enum(DATASET_FORMATS).nullable(),
  bytes: count,
  /** Good rows, bad rows and blank lines are counted apart. */
  rows: count,
  badRows: count,
  blankLines: count,
  /** The first problems in file order, every bad row named until the bound; `problemsOmitted` more were found. */
  problems: z.array(datasetProblemSchema),
  problemsOmitted: count,
  /** Not problems, but worth knowing: a byte order mark, CRLF line ends, repeated rows. */
  notes: z.array(z.string()),
  characters: z.object({ source: lengthSummarySchema, target: lengthSummarySchema }).nullable(),
  /** Null without a tokenizer. `sampledRows` < `rows` says that figures are from an evenly spaced sample. */
  tokens: z
    .object({
      /** The base model whose tokenizer counted; another one counts a little differently. */
      model: z.string(),
      sampledRows: count,
      source: lengthSummarySchema,
      target: lengthSummarySchema,
      /** The limits judged, null for none, and the share of sampled rows that they would cut. */
      maxSourceTokens: count.nullable(),
      maxTargetTokens: count.nullable(),
      truncatedShare: share,
    })
    .nullable(),
  /** Rows that repeat an earlier row exactly; `examples` names the first few. */
  duplicates: z.object({ rows: count, share, examples: z.array(z.object({ line: count, firstLine: count })) }),
});
export type DatasetReport = z.infer<typeof datasetReportSchema>;

/** How much of a validation set stands in the training set already. */
export const leakageSchema = z.object({
  /** Rows found with source and target. */
  rows: count,
  /** Rows whose source was found, with the same target or another. */
  sources: count,
  /** `sources` over the rows of the validation set. */
  share,
});
export type Leakage = z.infer<typeof leakageSchema>;
