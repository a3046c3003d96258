import { z } from 'zod';
import type { ArtifactRef } from './artifact-ref.ts';
import type { ChatMessage } from './datasets/dataset-row.ts';
import type { DecodingOptions } from './decoding-options.ts';

/** One question to a model, on its way from the API through the scheduler to a serving worker. */
export interface GenerateRequest {
  requestId: string;
  /** The name the caller used, for logs. */
  modelId: string;
  baseModel: ArtifactRef[];
  /** Null for a base, or a model of which every weight was trained (then it is `baseModel`). */
  adapter: ArtifactRef[] | null;
  input: { messages: ChatMessage[] } | { prompt: string };
  maxTokens: number;
  /** 0 is greedy. */
  temperature: number;
  topP: number;
  /** Null draws a fresh one. */
  seed: number | null;
  /** Texts that end the answer; they are not part of it. */
  stop: string[];
  /** Beside temperature and top-p; absent from an API of an earlier release. */
  decoding?: DecodingOptions | undefined;
}

/** Zero or more tokens, then `done` exactly once; an error ends the stream instead. */
export type GenerateChunk =
  | { type: 'token'; text: string }
  | { type: 'done'; finishReason: 'stop' | 'length'; promptTokens: number; completionTokens: number; tokensPerSecond: number };

/** What a serving worker is told when its session starts; models come with each request. */
export const serveAssignmentSchema = z.object({
  serverId: z.string(),
  /** Adapters kept in memory beside their base; the least recently used goes first. */
  maxAdapters: z.number().int().min(1),
});
export type ServeAssignment = z.infer<typeof serveAssignmentSchema>;
