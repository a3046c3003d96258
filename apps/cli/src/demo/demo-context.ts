import type { CapstanClient } from '@capstan/client';
import type { Clock } from '@capstan/core';
import type { CliContext } from '../cli-context.ts';
import type { Output } from '../output/output.ts';
import type { DataDir } from '../platform/data-dir.ts';
import type { Narrator } from './narrator.ts';

/** What every chapter of the story works with. */
export interface DemoContext {
  client: CapstanClient;
  narrator: Narrator;
  output: Output;
  stdout: CliContext['stdout'];
  clock: Clock;
  signal: AbortSignal;
  dataDir: DataDir;
  /** Of the API, with its version. */
  baseUrl: string;
  /** Holds train.jsonl and valid.jsonl. */
  datasetDir: string;
}

export const BASE_MODEL = 't5-nano';
