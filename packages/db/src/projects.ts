import { randomBytes } from 'node:crypto';
import { makeId } from './make-id.ts';
import type { PrismaDatabase } from './prisma.ts';

export interface Project {
  id: string;
  name: string;
  createdAt: Date;
}

export interface ProjectRepository {
  /** The project of this name, made if there is none; at once from many sides it is still one. */
  ensure(name: string): Promise<Project>;
  get(id: string): Promise<Project | null>;
  list(): Promise<Project[]>;
}

export function createProjectRepository(prisma: PrismaDatabase): ProjectRepository {
  return {
    async ensure(name) {
      await prisma.project.createMany({ data: { id: makeId('proj', randomBytes), name }, skipDuplicates: true });
      return prisma.project.findUniqueOrThrow({ where: { name } });
    },
    get: (id) => prisma.project.findUnique({ where: { id } }),
    list: () => prisma.project.findMany({ orderBy: { name: 'asc' } }),
  };
}
