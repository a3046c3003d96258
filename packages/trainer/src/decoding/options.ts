import { InvalidRequestError } from '@capstan/core';
import type { Model } from '../model.ts';

export interface GenerateOptions {
  maxTokens: number;
  /** 0, the default: always the likeliest token. */
  temperature?: number | undefined;
  /** Samples from the fewest tokens whose probabilities reach this sum; 1, the default, takes all. */
  topP?: number | undefined;
  /** Samples from this many of the likeliest tokens; 0, the default, takes all. */
  topK?: number | undefined;
  /** Above 1 makes tokens that the text holds already less likely (Keskar et al., 2019); 1 by default. */
  repetitionPenalty?: number | undefined;
  /** More than 1 searches for the likeliest whole text by that many beams; it goes with no sampling. */
  numBeams?: number | undefined;
  /** Beams are compared by their score over their length to this power; 1 by default. */
  lengthPenalty?: number | undefined;
  /** Ends a search with the first `numBeams` whole texts, or `never` before no longer text could win; false, the default, is between. */
  earlyStopping?: boolean | 'never' | undefined;
  /** Equal seeds give equal samples. */
  seed?: number | undefined;
  /** Tokens that end the text; the model's eos by default. */
  stopIds?: readonly number[] | undefined;
  signal?: AbortSignal | undefined;
}

export type Decoding = { [Name in Exclude<keyof GenerateOptions, 'signal'>]-?: Exclude<GenerateOptions[Name], undefined> };

/** The options with every default in its place; what contradicts itself throws an InvalidRequestError. */
export function resolveDecoding({ config, architecture }: Model, options: GenerateOptions): Decoding {
  const decoding: Decoding = {
    maxTokens: options.maxTokens,
    temperature: options.temperature ?? 0,
    topP: options.topP ?? 1,
    topK: options.topK ?? 0,
    repetitionPenalty: options.repetitionPenalty ?? 1,
    numBeams: options.numBeams ?? 1,
    lengthPenalty: options.lengthPenalty ?? 1,
    earlyStopping: options.earlyStopping ?? false,
    seed: options.seed ?? 0,
    stopIds: options.stopIds ?? config.eosIds,
  };
  if (decoding.numBeams > 1 && decoding.temperature > 0)
    throw new InvalidRequestError('Beams search and do not sample: leave out num_beams, or the temperature.', { param: 'num_beams' });
  // A classifier's answer is one id, the class; nothing stops or follows it.
  return architecture.taskType === 'SEQ_CLS' ? { ...decoding, maxTokens: 1, numBeams: 1, repetitionPenalty: 1 } : decoding;
}
