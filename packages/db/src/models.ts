import { type ArtifactRef, jobSpecSchema, parseCheckpointName } from '@capstan/core';
import type { Model as ModelRow, Prisma } from './generated/client.ts';
import type { PrismaDatabase } from './prisma.ts';

export interface Model {
  id: string;
  kind: 'base' | 'fine-tuned';
  /** Null for a base that everyone shares. */
  projectId: string | null;
  /** The base that a fine-tuned model was made from. */
  base: string | null;
  jobId: string | null;
  artifacts: ArtifactRef[];
  config: unknown;
  /** `lora` leaves an adapter, `full` a whole model; null for a base. */
  method: 'lora' | 'full' | null;
  parameterCount: number | null;
  createdAt: Date;
  ownedBy: string;
}

export interface NewBaseModel {
  id: string;
  artifacts: ArtifactRef[];
  config: unknown;
  parameterCount: number;
  ownedBy?: string;
}

export interface ModelRepository {
  /** The shared base with these files and figures; made or brought up to date. */
  upsertBase(model: NewBaseModel): Promise<Model>;
  /** A shared base, the project's own model, or the adapter of a checkpoint of its jobs by `checkpointName`; null for everything else. */
  get(id: string, projectId: string): Promise<Model | null>;
  /** Shared bases and the project's own models, newest first. */
  list(filter: { projectId: string; limit?: number }): Promise<Model[]>;
  /** Whether there was a fine-tuned model of the project to delete. */
  delete(id: string, projectId: string): Promise<boolean>;
}

const LIST_LIMIT = 1_000;

export function createModelRepository(prisma: PrismaDatabase): ModelRepository {
  return {
    async upsertBase({ id, artifacts, config, parameterCount, ownedBy = 'capstan' }) {
      const facts = { artifacts: artifacts as unknown as Prisma.InputJsonArray, config: config as Prisma.InputJsonObject, parameterCount };
      const create = { id, kind: 'base' as const, ownedBy, ...facts };
      return toModel(await prisma.model.upsert({ where: { id }, create, update: { ownedBy, ...facts } }));
    },
    get: (id, projectId) => findModel(prisma, id, projectId),
    async list({ projectId, limit = LIST_LIMIT }) {
      const orderBy = [{ createdAt: 'desc' }, { id: 'desc' }] as const;
      return (await prisma.model.findMany({ where: seenBy(projectId), orderBy: [...orderBy], take: limit })).map(toModel);
    },
    async delete(id, projectId) {
      return (await prisma.model.deleteMany({ where: { id, projectId, kind: { not: 'base' } } })).count === 1;
    },
  };
}

async function findModel(prisma: PrismaDatabase, id: string, projectId: string): Promise<Model | null> {
  const row = await prisma.model.findFirst({ where: { id, ...seenBy(projectId) } });
  return row === null ? findCheckpoint(prisma, id, projectId) : toModel(row);
}

/** Of a job that trains every weight a checkpoint holds only what it takes to go on: that is no model. */
async function findCheckpoint(prisma: PrismaDatabase, id: string, projectId: string): Promise<Model | null> {
  const name = parseCheckpointName(id);
  if (name === null) return null;
  const row = await prisma.checkpoint.findFirst({
    where: { id: name.checkpointId, step: name.step, job: { projectId } },
    include: { job: { select: { spec: true } } },
  });
  const spec = row === null ? null : jobSpecSchema.parse(row.job.spec);
  if (row === null || spec?.method !== 'lora') return null;
  const base = await findModel(prisma, spec.model, projectId);
  if (base === null) return null;
  const { jobId, createdAt } = row;
  const artifacts = row.adapter as unknown as ArtifactRef[];
  return { ...base, id, kind: 'fine-tuned', projectId, base: spec.model, jobId, artifacts, method: 'lora', createdAt, ownedBy: projectId };
}

function seenBy(projectId: string): Prisma.ModelWhereInput {
  return { OR: [{ projectId: null }, { projectId }] };
}

function toModel(row: ModelRow): Model {
  return {
    ...row,
    kind: row.kind === 'base' ? 'base' : 'fine-tuned',
    artifacts: row.artifacts as unknown as ArtifactRef[],
    parameterCount: row.parameterCount === null ? null : Number(row.parameterCount),
  };
}
