import { randomBytes } from 'node:crypto';
import { type Clock, ConflictError, NO_QUOTA, type ProjectQuota, type ProjectUse } from '@capstan/core';
import type { Project as ProjectRow } from './generated/client.ts';
import { makeId } from './make-id.ts';
import type { PrismaDatabase } from './prisma.ts';
import { readProjectUse } from './project-use.ts';
import type { Sql } from './sql.ts';

export interface Project {
  id: string;
  name: string;
  createdAt: Date;
  quota: ProjectQuota;
}

export interface ProjectRepository {
  /** The project of this name, made if there is none; at once from many sides it is still one. */
  ensure(name: string): Promise<Project>;
  /** ConflictError where the name is taken. */
  create(name: string, quota: Partial<ProjectQuota>): Promise<Project>;
  get(id: string): Promise<Project | null>;
  list(): Promise<Project[]>;
  /** Null where there is none; ConflictError where the new name is taken. */
  update(id: string, patch: Partial<ProjectQuota> & { name?: string | undefined }): Promise<Project | null>;
  /** What it has in use, its month's cost included; waiting jobs are counted up to `countTo`. */
  use(id: string, countTo?: number): Promise<ProjectUse>;
}

/** Every figure is summed up where people look. */
const ALL: ProjectQuota = { maxConcurrentGpus: 0, maxQueuedJobs: 0, monthlyBudgetUsd: 0 };

export function createProjectRepository({ prisma, sql, clock }: { prisma: PrismaDatabase; sql: Sql; clock: Clock }): ProjectRepository {
  const findByName = async (name: string) => {
    const row = await prisma.project.findUnique({ where: { name } });
    return row && toProject(row);
  };
  const make = (name: string, quota: Partial<ProjectQuota>) =>
    prisma.project.createMany({ data: { id: makeId('proj', randomBytes), name, ...quota }, skipDuplicates: true });
  return {
    async ensure(name) {
      await make(name, {});
      return toProject(await prisma.project.findUniqueOrThrow({ where: { name } }));
    },
    async create(name, quota) {
      const { count } = await make(name, quota);
      const project = await findByName(name);
      if (count === 0 || project === null) throw nameTaken(name);
      return project;
    },
    async get(id) {
      const row = await prisma.project.findUnique({ where: { id } });
      return row && toProject(row);
    },
    list: async () => (await prisma.project.findMany({ orderBy: { name: 'asc' } })).map(toProject),
    async update(id, { name, ...quota }) {
      const holder = name === undefined ? null : await findByName(name);
      if (name !== undefined && holder !== null && holder.id !== id) throw nameTaken(name);
      const [row] = await prisma.project.updateManyAndReturn({
        where: { id },
        data: { ...quota, ...(name === undefined ? {} : { name }) },
      });
      return row === undefined ? null : toProject(row);
    },
    use: (id, countTo) => readProjectUse(sql, id, { quota: ALL, now: clock.now(), countTo }),
  };
}

function nameTaken(name: string): ConflictError {
  return new ConflictError(`There is a project '${name}' already.`, { param: 'name', reason: 'project_exists' });
}

function toProject({ id, name, createdAt, ...row }: ProjectRow): Project {
  return { id, name, createdAt, quota: { ...NO_QUOTA, ...row } };
}
