export { allItems } from './all-items.ts';
export { ApiError, ConnectionError } from './api-error.ts';
export type { CapstanClient } from './create-client.ts';
export { createClient } from './create-client.ts';
export type { ListFiles, UploadFile } from './files.ts';
export type { ListJobs, Page, SeqPage } from './jobs.ts';
export type { ForecastQuestion } from './pools.ts';
export type { StreamJobOptions } from './stream-job.ts';
export type { ClientOptions, RequestOptions } from './transport.ts';
