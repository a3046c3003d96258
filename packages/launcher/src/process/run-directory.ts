import { link, mkdir, readdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { InvalidRequestError } from '@capstan/core';
import { z } from 'zod';

/** What was launched under a name; written before anything is started. */
export const launchRecordSchema = z.object({
  name: z.string(),
  kind: z.enum(['train', 'serve']),
  jobId: z.string(),
  attempt: z.number().int(),
  epoch: z.number().int(),
  worldSize: z.number().int().min(1),
  /** Where all ranks meet; absent in the record of an earlier release. */
  schedulerAddress: z.string().optional(),
});
export type LaunchRecord = z.infer<typeof launchRecordSchema>;

/** Who guards a rank. `startedAs` tells the supervisor from a later process of the same number; null where a stop came first. */
export const claimSchema = z.object({
  pid: z.number().int().nullable(),
  startedAs: z.string().nullable(),
  node: z.string().nullable(),
  startedAt: z.iso
    .datetime()
    .transform((text) => new Date(text))
    .nullable(),
});
export type Claim = z.infer<typeof claimSchema>;

export const workerSchema = z.object({ pid: z.number().int() });

export const exitRecordSchema = z.object({
  exitCode: z.number().int().nullable(),
  signal: z.string().nullable(),
  /** What the supervisor, or the launcher in its place, knows beyond the exit status. */
  verdict: z.enum(['memoryLimit', 'stopped', 'notStarted', 'supervisorLost']).nullable(),
  message: z.string().nullable(),
  finishedAt: z.iso.datetime().transform((text) => new Date(text)),
});
export type ExitRecord = z.infer<typeof exitRecordSchema>;

const NAME = /^[a-z0-9]([a-z0-9-]{0,98}[a-z0-9])?$/;

/** `<runsDir>/<name>/rank-<r>/`: all that the launcher and the supervisors know lies here, so any process can pick it up. */
export function runDirectory(runsDir: string, name: string): string {
  if (!NAME.test(name)) throw new InvalidRequestError(`"${name}" is no name for a launch.`);
  return path.join(runsDir, name);
}

export function rankDirectory(runsDir: string, name: string, rank: number): string {
  return path.join(runDirectory(runsDir, name), `rank-${rank}`);
}

/** Names of all launches; directories being made or removed start with a dot. */
export async function listRunNames(runsDir: string): Promise<string[]> {
  const entries = await readdir(runsDir).catch(orIfMissing<string[]>([]));
  return entries.filter((entry) => NAME.test(entry)).sort();
}

export async function readRecord<T>(directory: string, name: string, schema: z.ZodType<T>): Promise<T | null> {
  const text = await readFile(path.join(directory, name), 'utf8').catch(orIfMissing(null));
  return text === null ? null : schema.parse(JSON.parse(text));
}

/** Creates the file whole or not at all; false, and nothing changed, where it is there already. */
export async function createRecord(directory: string, name: string, content: unknown): Promise<boolean> {
  const draft = path.join(directory, `.${name}.${crypto.randomUUID()}`);
  await writeFile(draft, JSON.stringify(content), { mode: 0o600 });
  try {
    await link(draft, path.join(directory, name));
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

/** Creates or replaces the file; a reader sees the old or the new content, whole. */
export async function replaceRecord(directory: string, name: string, content: string): Promise<void> {
  const draft = path.join(directory, `.${name}.${crypto.randomUUID()}`);
  await writeFile(draft, content, { mode: 0o600 });
  await rename(draft, path.join(directory, name));
}

export async function makePrivateDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
}

/** The name is free at once; what lay under it is deleted afterwards. */
export async function removeRun(runsDir: string, name: string): Promise<void> {
  const grave = path.join(runsDir, `.${name}.${crypto.randomUUID()}`);
  const moved = await rename(runDirectory(runsDir, name), grave).then(() => true, orIfMissing(false));
  if (moved) await rm(grave, { recursive: true, force: true, maxRetries: 3 });
}

export function orIfMissing<T>(fallback: T): (error: unknown) => T {
  return (error) => {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return fallback;
    throw error;
  };
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
