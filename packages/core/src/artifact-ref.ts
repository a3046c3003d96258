import { z } from 'zod';

/** A file by content. `path` is its name inside a model or adapter, e.g. `model.safetensors`. */
export interface ArtifactRef {
  path: string;
  sha256: string;
  bytes: number;
}

export const artifactRefSchema = z.object({ path: z.string(), sha256: z.string(), bytes: z.number().int().min(0) });
