import { z } from 'zod';
import { readJsonFile, writeJsonFile } from './write-json-file.ts';

const credentialsSchema = z.object({ baseUrl: z.string().min(1), apiKey: z.string().min(1) });
/** How the other commands find the platform of this data directory. */
export type Credentials = z.infer<typeof credentialsSchema>;

export function readCredentials(path: string): Credentials | null {
  return readJsonFile(path, credentialsSchema);
}

export function writeCredentials(path: string, credentials: Credentials): void {
  writeJsonFile(path, credentials);
}
