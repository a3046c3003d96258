import { randomInt } from 'node:crypto';
import {
  billedUnits,
  type CreateJobRequest,
  estimateJob,
  type FineTuningJob,
  InvalidRequestError,
  type JobEstimate,
  type JobSpec,
  ModelError,
  type ModelShape,
  type Pool,
  parseModelShape,
  resolveJobSpec,
  widthRefusal,
} from '@capstan/core';
import type { FileRecord, Model } from '@capstan/db';
import type { ApiContext } from '../api-context.ts';
import type { Caller } from '../http/authenticate.ts';
import type { PoolFacts } from '../lookups.ts';
import { pullAdvice } from '../pull-advice.ts';

export interface JobPlan {
  spec: JobSpec;
  poolId: string;
  /** What it would hold of its pool, as it is billed. */
  gpus: number;
  estimate: JobEstimate;
}

type PlanContext = Pick<ApiContext, 'lookups' | 'measureLeakage' | 'settings'>;

/** The request with every reference followed and every choice made: what would run, where, and what it would take. */
export async function planJob(context: PlanContext, caller: Caller, request: CreateJobRequest): Promise<JobPlan> {
  const poolId = request.capstan?.pool ?? context.settings.defaultPool;
  const [model, training, validation, { pool }, recent] = await Promise.all([
    findModel(context, caller, request.model),
    findDataset(context, caller, { id: request.training_file, param: 'training_file' }),
    request.validation_file == null ? null : findDataset(context, caller, { id: request.validation_file, param: 'validation_file' }),
    findPool(context, poolId),
    context.lookups.recentJobs(poolId),
  ]);
  const facts = { training: reportOf(training), validation: validation && reportOf(validation) };
  const drawnSeed = request.seed ?? randomInt(2 ** 31);
  const resolved = resolveJobSpec(request, { ...facts, drawnSeed, gpusPerWorker: pool.gpusPerWorker });
  refuseTooWide(pool, resolved);
  if (model.method === 'lora') throw adapterAsBase(model);
  const spec: JobSpec = { ...resolved, baseModel: model.artifacts };
  const shape = shapeOf(model);
  const parameterCount = model.parameterCount ?? 0;
  const measuredTokensPerSecond = measuredSpeed(recent, spec);
  const backend = recent.find(({ result }) => result?.backend)?.result?.backend ?? null;
  const leakage = validation && (await context.measureLeakage(training, validation));
  const estimate = estimateJob(spec, { shape, parameterCount, training: facts.training, leakage, pool, measuredTokensPerSecond, backend });
  return { spec, poolId, gpus: billedUnits(pool, spec.resources.workers), estimate };
}

/** It would wait for ever. */
export function refuseTooWide(pool: Pool, { resources }: JobSpec): void {
  const refusal = widthRefusal(pool, resources.workers);
  if (refusal === null) return;
  const message = `${refusal}: ask for fewer workers, or for a larger pool.`;
  throw new InvalidRequestError(message, { param: 'capstan.resources.workers', reason: 'invalid_value' });
}

async function findModel({ lookups }: PlanContext, { projectId }: Caller, id: string): Promise<Model> {
  const model = await lookups.model(projectId, id);
  if (model) return model;
  const message = `The model '${id}' does not exist or is not open to fine-tuning. GET /v1/models lists those that are.${pullAdvice(id)}`;
  throw new InvalidRequestError(message, { param: 'model', reason: 'model_not_found' });
}

function adapterAsBase({ id, base }: Model): InvalidRequestError {
  return new InvalidRequestError(`'${id}' is a LoRA adapter and cannot be trained further: fine-tune its base '${base}' instead.`, {
    param: 'model',
    reason: 'model_not_available',
  });
}

/** One shape for each model that `lookups` remembers, so that what follows from it is worked out once too. */
const shapes = new WeakMap<Model, ModelShape>();

function shapeOf(model: Model): ModelShape {
  const known = shapes.get(model);
  if (known) return known;
  try {
    const shape = parseModelShape(model.config);
    shapes.set(model, shape);
    return shape;
  } catch (cause) {
    if (!(cause instanceof ModelError)) throw cause;
    const message = `'${model.id}' cannot be fine-tuned: ${cause.message}`;
    throw new InvalidRequestError(message, { param: 'model', reason: 'model_not_available', cause });
  }
}

async function findDataset(
  { lookups }: PlanContext,
  { projectId }: Caller,
  { id, param }: { id: string; param: string },
): Promise<FileRecord> {
  const file = await lookups.file(projectId, id);
  if (!file)
    throw new InvalidRequestError(`There is no file '${id}': upload it with purpose fine-tune first.`, { param, reason: 'file_not_found' });
  if (file.purpose === 'fine-tune' && file.report) return file;
  throw new InvalidRequestError(`File '${id}' was uploaded with purpose ${file.purpose}: upload it again with purpose fine-tune.`, {
    param,
    reason: 'invalid_file_purpose',
  });
}

function reportOf({ report }: FileRecord) {
  if (!report) throw new TypeError('findDataset lets only files with a report through.');
  return report;
}

async function findPool({ lookups }: PlanContext, poolId: string): Promise<PoolFacts> {
  try {
    return await lookups.pool(poolId);
  } catch (cause) {
    const message = `There is no pool '${poolId}'. GET /v1/pools lists them.`;
    throw new InvalidRequestError(message, { param: 'capstan.pool', reason: 'pool_not_found', cause });
  }
}

/** What the pool's last job of the same kind reached. */
function measuredSpeed(recent: readonly FineTuningJob[], spec: JobSpec): number | null {
  const alike = recent.find((job) => job.spec.model === spec.model && job.spec.method === spec.method && job.progress?.tokensPerSecond);
  return alike?.progress?.tokensPerSecond ?? null;
}
