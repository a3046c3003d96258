import {
  type AdapterFileObject,
  type AttemptObject,
  adapterFileObjectSchema,
  attemptObjectSchema,
  type CheckpointObject,
  type CreateJobRequest,
  type CurveObject,
  checkpointObjectSchema,
  curveObjectSchema,
  type EventObject,
  eventObjectSchema,
  type JobEstimateObject,
  type JobObject,
  type JobSort,
  type JobStatus,
  type JobStreamMessage,
  jobEstimateObjectSchema,
  jobObjectSchema,
  type List,
  type LogObject,
  listSchema,
  logObjectSchema,
  type MetricObject,
  metricObjectSchema,
  type UpdateJobRequest,
} from '@capstan/core';
import { type StreamJobOptions, streamJob } from './stream-job.ts';
import { type RequestOptions, segment, type Transport } from './transport.ts';

export interface Page {
  after?: string | undefined;
  limit?: number | undefined;
}
export interface ListJobs extends Page {
  state?: JobStatus | undefined;
  pool?: string | undefined;
  /** The base model. */
  model?: string | undefined;
  /** The beginning of an id, or a part of a suffix or of the trained model's name. */
  search?: string | undefined;
  /** The name of the key that submitted it. */
  owner?: string | undefined;
  sort?: JobSort | undefined;
  metadata?: Record<string, string> | undefined;
}
export interface SeqPage {
  /** `seq` of the last item seen. */
  after?: number | undefined;
  limit?: number | undefined;
}

export interface JobsClient {
  /** With an `idempotencyKey` the request is repeated by itself after a lost connection; any number of them makes one job. */
  create(request: CreateJobRequest, options?: RequestOptions & { idempotencyKey?: string }): Promise<JobObject>;
  estimate(request: CreateJobRequest, options?: RequestOptions): Promise<JobEstimateObject>;
  retrieve(id: string, options?: RequestOptions): Promise<JobObject>;
  list(query?: ListJobs, options?: RequestOptions): Promise<List<JobObject>>;
  /** For operators: another priority for a job that waits. */
  update(id: string, request: UpdateJobRequest, options?: RequestOptions): Promise<JobObject>;
  cancel(id: string, options?: RequestOptions): Promise<JobObject>;
  pause(id: string, options?: RequestOptions): Promise<JobObject>;
  /** A job of its own with the settings of one that failed or was cancelled; twice is once. */
  retry(id: string, options?: RequestOptions): Promise<JobObject>;
  resume(id: string, options?: RequestOptions): Promise<JobObject>;
  /** Newest first. */
  listEvents(id: string, page?: Page, options?: RequestOptions): Promise<List<EventObject>>;
  listCheckpoints(id: string, page?: Page, options?: RequestOptions): Promise<List<CheckpointObject>>;
  /** Oldest first. */
  listMetrics(id: string, page?: SeqPage, options?: RequestOptions): Promise<List<MetricObject>>;
  /** The metrics of the whole run in at most `points` points. */
  curve(id: string, query?: { points?: number }, options?: RequestOptions): Promise<CurveObject>;
  /** Every launch, the first one first. */
  listAttempts(id: string, options?: RequestOptions): Promise<List<AttemptObject>>;
  /** With `tail` the last lines, else from the first. */
  listLogs(
    id: string,
    page?: SeqPage & { attempt?: number | undefined; tail?: boolean | undefined },
    options?: RequestOptions,
  ): Promise<List<LogObject>>;
  /** Files of the trained model: an adapter in PEFT's layout, or whole weights. */
  listAdapterFiles(id: string, options?: RequestOptions): Promise<List<AdapterFileObject>>;
  adapterFile(id: string, path: string, options?: RequestOptions): Promise<Response>;
  /** Every change of the job until it ends. A broken connection is resumed where it broke. */
  stream(id: string, options?: StreamJobOptions): AsyncGenerator<JobStreamMessage>;
}

const jobList = listSchema(jobObjectSchema);
const eventList = listSchema(eventObjectSchema);
const checkpointList = listSchema(checkpointObjectSchema);
const metricList = listSchema(metricObjectSchema);
const logList = listSchema(logObjectSchema);
const attemptList = listSchema(attemptObjectSchema);
const adapterFileList = listSchema(adapterFileObjectSchema);

const JOBS = '/fine_tuning/jobs';
const jobPath = (id: string, rest = '') => `${JOBS}/${segment(id)}${rest}`;

export function jobsClient(transport: Transport): JobsClient {
  const { request, send } = transport;
  const act = (action: 'cancel' | 'pause' | 'resume' | 'retry') => (id: string, options?: RequestOptions) =>
    request(jobObjectSchema, { method: 'POST', path: jobPath(id, `/${action}`), ...options });
  return {
    create: (json, { idempotencyKey, ...options } = {}) => {
      const idempotency = idempotencyKey === undefined ? {} : { headers: { 'idempotency-key': idempotencyKey }, repeatable: true };
      return request(jobObjectSchema, { method: 'POST', path: JOBS, json, ...idempotency, ...options });
    },
    estimate: (json, options) =>
      request(jobEstimateObjectSchema, { method: 'POST', path: `${JOBS}/estimate`, json, repeatable: true, ...options }),
    retrieve: (id, options) => request(jobObjectSchema, { method: 'GET', path: jobPath(id), ...options }),
    list: (query, options) => request(jobList, { method: 'GET', path: JOBS, query: listQuery(query), ...options }),
    update: (id, json, options) => request(jobObjectSchema, { method: 'PATCH', path: jobPath(id), json, repeatable: true, ...options }),
    retry: act('retry'),
    cancel: act('cancel'),
    pause: act('pause'),
    resume: act('resume'),
    listEvents: (id, page, options) => request(eventList, { method: 'GET', path: jobPath(id, '/events'), query: { ...page }, ...options }),
    listCheckpoints: (id, page, options) =>
      request(checkpointList, { method: 'GET', path: jobPath(id, '/checkpoints'), query: { ...page }, ...options }),
    listMetrics: (id, page, options) =>
      request(metricList, { method: 'GET', path: jobPath(id, '/metrics'), query: { ...page }, ...options }),
    curve: (id, query, options) =>
      request(curveObjectSchema, { method: 'GET', path: jobPath(id, '/curve'), query: { ...query }, ...options }),
    listAttempts: (id, options) => request(attemptList, { method: 'GET', path: jobPath(id, '/attempts'), ...options }),
    listLogs: (id, { tail, ...page } = {}, options) => {
      const query = { ...page, tail: tail === undefined ? undefined : String(tail) };
      return request(logList, { method: 'GET', path: jobPath(id, '/logs'), query, ...options });
    },
    listAdapterFiles: (id, options) => request(adapterFileList, { method: 'GET', path: jobPath(id, '/adapter'), ...options }),
    adapterFile: (id, path, options) => send({ method: 'GET', path: jobPath(id, `/adapter/${segment(path)}`), ...options }),
    stream: (id, options) => streamJob(transport, jobPath(id, '/stream'), options),
  };
}

function listQuery({ after, limit, state, pool, model, owner, sort, search, metadata = {} }: ListJobs = {}) {
  const pairs = Object.entries(metadata).map(([key, value]) => [`metadata[${key}]`, value]);
  return {
    after,
    limit,
    'capstan[state]': state,
    'capstan[pool]': pool,
    'capstan[model]': model,
    'capstan[owner]': owner,
    'capstan[sort]': sort,
    'capstan[search]': search,
    ...Object.fromEntries(pairs),
  };
}
