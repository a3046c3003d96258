import type { PrismaDatabase } from './prisma.ts';

export interface JobArtifactRepository {
  /** Notes that the job has written this artifact; twice is once. */
  record(jobId: string, sha256: string): Promise<void>;
  /** Those of `hashes` that the job has not written. */
  notOf(jobId: string, hashes: readonly string[]): Promise<string[]>;
}

export function createJobArtifactRepository(prisma: PrismaDatabase): JobArtifactRepository {
  return {
    async record(jobId, sha256) {
      await prisma.jobArtifact.createMany({ data: [{ jobId, sha256 }], skipDuplicates: true });
    },
    async notOf(jobId, hashes) {
      const rows = await prisma.jobArtifact.findMany({ where: { jobId, sha256: { in: [...hashes] } }, select: { sha256: true } });
      const own = new Set(rows.map(({ sha256 }) => sha256));
      return hashes.filter((sha256) => !own.has(sha256));
    },
  };
}
