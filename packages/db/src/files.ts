import { type Clock, type DatasetReport, datasetReportSchema } from '@capstan/core';
import { type File, Prisma } from './generated/client.ts';
import { toPage } from './page.ts';
import type { PrismaDatabase } from './prisma.ts';

export type FileStatus = 'uploaded' | 'processed' | 'error';

export interface FileRecord {
  id: string;
  projectId: string;
  filename: string;
  purpose: string;
  bytes: number;
  /** Where the content lies in the artifact store. */
  sha256: string;
  status: FileStatus;
  statusDetails: string | null;
  report: DatasetReport | null;
  /** The artifact with the fingerprints of the rows; null for a file that is no dataset. */
  fingerprints: string | null;
  createdAt: Date;
  expiresAt: Date | null;
}

type OptionalField = 'createdAt' | 'statusDetails' | 'report' | 'fingerprints' | 'expiresAt';

export type NewFile = Omit<FileRecord, OptionalField> & Partial<Pick<FileRecord, OptionalField>>;

export interface FileFilter {
  projectId: string;
  purpose?: string | undefined;
  /** The id of the last file of the page before. */
  after?: string | undefined;
  order?: 'asc' | 'desc' | undefined;
  limit: number;
}

export interface FileRepository {
  create(file: NewFile): Promise<FileRecord>;
  /** Null for a deleted file, an expired one, and another project's. */
  get(projectId: string, id: string): Promise<FileRecord | null>;
  /** Newest first, unless asked otherwise. */
  list(filter: FileFilter): Promise<{ files: FileRecord[]; hasMore: boolean }>;
  /** Hides the file and keeps its row, because jobs that began with it still read its content. False where there was none. */
  delete(projectId: string, id: string): Promise<boolean>;
  /** The content of a job's file, deleted since or not. */
  getForJob(projectId: string, id: string): Promise<FileRecord | null>;
}

export function createFileRepository(prisma: PrismaDatabase, clock: Clock): FileRepository {
  const visible = () => ({ deletedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: clock.now() } }] });
  return {
    async create({ report = null, ...file }) {
      const data = { createdAt: clock.now(), ...file, report: report === null ? Prisma.DbNull : report };
      return toFile(await prisma.file.create({ data }));
    },
    async get(projectId, id) {
      const row = await prisma.file.findFirst({ where: { id, projectId, ...visible() } });
      return row === null ? null : toFile(row);
    },
    list: (filter) => listFiles(prisma, filter, visible()),
    async delete(projectId, id) {
      const { count } = await prisma.file.updateMany({ where: { id, projectId, deletedAt: null }, data: { deletedAt: clock.now() } });
      return count === 1;
    },
    async getForJob(projectId, id) {
      const row = await prisma.file.findFirst({ where: { id, projectId } });
      return row === null ? null : toFile(row);
    },
  };
}

async function listFiles(
  prisma: PrismaDatabase,
  { projectId, purpose, after, order = 'desc', limit }: FileFilter,
  visible: Prisma.FileWhereInput,
): Promise<{ files: FileRecord[]; hasMore: boolean }> {
  const last = after === undefined ? null : await prisma.file.findFirst({ where: { id: after, projectId } });
  if (after !== undefined && last === null) return { files: [], hasMore: false };
  const rows = await prisma.file.findMany({
    where: { projectId, ...(purpose === undefined ? {} : { purpose }), AND: [visible, last === null ? {} : beyond(last, order)] },
    orderBy: [{ createdAt: order }, { id: order }],
    take: limit + 1,
  });
  const { items, hasMore } = toPage(rows.map(toFile), limit);
  return { files: items, hasMore };
}

/** Rows after `last` in the order (createdAt, id). The first condition alone bounds the scan of the index. */
function beyond({ createdAt, id }: File, order: 'asc' | 'desc'): Prisma.FileWhereInput {
  return order === 'desc'
    ? { createdAt: { lte: createdAt }, OR: [{ createdAt: { lt: createdAt } }, { id: { lt: id } }] }
    : { createdAt: { gte: createdAt }, OR: [{ createdAt: { gt: createdAt } }, { id: { gt: id } }] };
}

function toFile({ deletedAt: _deletedAt, ...row }: File): FileRecord {
  return { ...row, bytes: Number(row.bytes), report: row.report === null ? null : datasetReportSchema.parse(row.report) };
}
