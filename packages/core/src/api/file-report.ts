import { z } from 'zod';
import { datasetProblemSchema } from '../datasets/dataset-report.ts';
import { DATASET_FORMATS } from '../datasets/dataset-row.ts';

const lengthSchema = z.looseObject({
  rows: z.number().int(),
  min: z.number(),
  mean: z.number(),
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  max: z.number(),
  buckets: z.array(z.object({ up_to: z.number(), rows: z.number().int() })),
});

/** What was found while a dataset was uploaded: `GET /v1/files/{id}/report`. */
export const fileReportObjectSchema = z.looseObject({
  object: z.literal('file.report'),
  file_id: z.string(),
  format: z.enum(DATASET_FORMATS).nullable(),
  bytes: z.number().int(),
  rows: z.number().int(),
  bad_rows: z.number().int(),
  blank_lines: z.number().int(),
  problems: z.array(datasetProblemSchema),
  problems_omitted: z.number().int(),
  notes: z.array(z.string()),
  characters: z.looseObject({ source: lengthSchema, target: lengthSchema }).nullable(),
  tokens: z
    .looseObject({
      model: z.string(),
      sampled_rows: z.number().int(),
      source: lengthSchema,
      target: lengthSchema,
      max_source_tokens: z.number().nullable(),
      max_target_tokens: z.number().nullable(),
      truncated_share: z.number(),
    })
    .nullable(),
  duplicates: z.looseObject({
    rows: z.number().int(),
    share: z.number(),
    examples: z.array(z.object({ line: z.number().int(), first_line: z.number().int() })),
  }),
});
export type FileReportObject = z.infer<typeof fileReportObjectSchema>;
