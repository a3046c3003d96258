import {
  curveQuerySchema,
  jobStreamQuerySchema,
  listCheckpointsQuerySchema,
  listEventsQuerySchema,
  listFilesQuerySchema,
  listJobsQuerySchema,
  listLogsQuerySchema,
  listMetricsQuerySchema,
  listSchema,
  UPLOAD_PURPOSES,
} from '@capstan/core';
import { z } from 'zod';
import type { Operation } from './operation.ts';
import { schemas } from './schemas.ts';

const bytes = { contentType: 'application/octet-stream', description: 'The content.' };
const uploadForm = z.object({
  file: z.string().meta({ format: 'binary' }),
  purpose: z.enum(UPLOAD_PURPOSES),
  'expires_after[anchor]': z.literal('created_at').optional(),
  'expires_after[seconds]': z.number().int().min(3_600).max(2_592_000).optional(),
});
const jobsQuery = listJobsQuerySchema.omit({ metadata: true }).extend({
  metadata: z.string().optional().meta({ description: '`null` finds jobs without metadata; `metadata[key]=value` jobs with that pair.' }),
});

const JOBS = '/fine_tuning/jobs';
const JOB = `${JOBS}/{job_id}`;
const read = { method: 'get', role: 'viewer' } as const;
const write = { method: 'post', role: 'submitter' } as const;

export const fileOperations: Operation[] = [
  {
    ...write,
    path: '/files',
    id: 'createFile',
    tag: 'Files',
    summary: 'Upload a file; a dataset is checked line by line.',
    form: uploadForm,
    answer: schemas.File,
  },
  {
    ...read,
    path: '/files',
    id: 'listFiles',
    tag: 'Files',
    summary: 'List files.',
    query: listFilesQuerySchema,
    answer: listSchema(schemas.File),
  },
  { ...read, path: '/files/{file_id}', id: 'retrieveFile', tag: 'Files', summary: 'Retrieve a file.', answer: schemas.File },
  {
    method: 'delete',
    role: 'submitter',
    path: '/files/{file_id}',
    id: 'deleteFile',
    tag: 'Files',
    summary: 'Delete a file.',
    answer: schemas.Deleted,
  },
  { ...read, path: '/files/{file_id}/content', id: 'downloadFile', tag: 'Files', summary: 'Download a file.', answer: bytes },
  {
    ...read,
    path: '/files/{file_id}/report',
    id: 'retrieveFileReport',
    tag: 'Files',
    summary: 'What was found in a dataset.',
    answer: schemas.FileReport,
  },
];

export const jobOperations: Operation[] = [
  {
    ...write,
    path: JOBS,
    id: 'createJob',
    tag: 'Fine-tuning',
    summary: 'Submit a job.',
    body: schemas.CreateJobRequest,
    answer: schemas.Job,
    status: 201,
  },
  {
    ...read,
    path: JOBS,
    id: 'listJobs',
    tag: 'Fine-tuning',
    summary: 'List jobs, newest first.',
    query: jobsQuery,
    answer: listSchema(schemas.Job),
  },
  {
    ...write,
    path: `${JOBS}/estimate`,
    id: 'estimateJob',
    tag: 'Fine-tuning',
    summary: 'What a job would take, without submitting it.',
    body: schemas.CreateJobRequest,
    answer: schemas.JobEstimate,
  },
  {
    ...read,
    path: JOB,
    id: 'retrieveJob',
    tag: 'Fine-tuning',
    summary: 'Retrieve a job, with the reason why it waits.',
    answer: schemas.Job,
  },
  { ...write, path: `${JOB}/cancel`, id: 'cancelJob', tag: 'Fine-tuning', summary: 'Cancel a job.', answer: schemas.Job },
  { ...write, path: `${JOB}/pause`, id: 'pauseJob', tag: 'Fine-tuning', summary: 'Pause a job at its next step.', answer: schemas.Job },
  {
    ...write,
    path: `${JOB}/resume`,
    id: 'resumeJob',
    tag: 'Fine-tuning',
    summary: 'Queue a paused job again; it goes on from its checkpoint.',
    answer: schemas.Job,
  },
  {
    ...read,
    path: `${JOB}/events`,
    id: 'listJobEvents',
    tag: 'Fine-tuning',
    summary: 'List events, newest first.',
    query: listEventsQuerySchema,
    answer: listSchema(schemas.Event),
  },
  {
    ...read,
    path: `${JOB}/checkpoints`,
    id: 'listJobCheckpoints',
    tag: 'Fine-tuning',
    summary: 'List checkpoints, newest first.',
    query: listCheckpointsQuerySchema,
    answer: listSchema(schemas.Checkpoint),
  },
  {
    ...read,
    path: `${JOB}/metrics`,
    id: 'listJobMetrics',
    tag: 'Fine-tuning',
    summary: 'List the metrics of steps, oldest first.',
    query: listMetricsQuerySchema,
    answer: listSchema(schemas.Metric),
  },
  {
    ...read,
    path: `${JOB}/curve`,
    id: 'retrieveJobCurve',
    tag: 'Fine-tuning',
    summary: 'The metrics of the whole run, in few points.',
    query: curveQuerySchema,
    answer: schemas.Curve,
  },
  {
    ...read,
    path: `${JOB}/attempts`,
    id: 'listJobAttempts',
    tag: 'Fine-tuning',
    summary: 'List launches, each with its end and its price.',
    answer: listSchema(schemas.Attempt),
  },
  {
    ...read,
    path: `${JOB}/logs`,
    id: 'listJobLogs',
    tag: 'Fine-tuning',
    summary: 'List log lines of all attempts, oldest first.',
    query: listLogsQuerySchema,
    answer: listSchema(schemas.Log),
  },
  {
    ...read,
    path: `${JOB}/adapter`,
    id: 'listAdapterFiles',
    tag: 'Fine-tuning',
    summary: 'List the files of the trained model.',
    answer: listSchema(schemas.AdapterFile),
  },
  {
    ...read,
    path: `${JOB}/adapter/{path}`,
    id: 'downloadAdapterFile',
    tag: 'Fine-tuning',
    summary: 'Download a file of the trained model.',
    answer: bytes,
  },
  {
    ...read,
    path: `${JOB}/stream`,
    id: 'streamJob',
    tag: 'Fine-tuning',
    summary: 'Follow a job; resumable with Last-Event-ID.',
    query: jobStreamQuerySchema,
    answer: { contentType: 'text/event-stream', description: 'Messages job, event, metrics, log, and done at the end.' },
  },
];
