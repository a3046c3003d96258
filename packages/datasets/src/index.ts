export { leakage } from './fingerprints.ts';
export type { DatasetInspection, InspectOptions } from './inspect-dataset.ts';
export { inspectDataset } from './inspect-dataset.ts';
export type { TokenStream } from './token-stream.ts';
export { createTokenStream } from './token-stream.ts';
export type { TokenizedExample, TokenizeLimits } from './tokenize-dataset.ts';
export { datasetRows, tokenizeDataset, tokenizeRow, truncate } from './tokenize-dataset.ts';
export type { Tokenizer } from './tokenizer.ts';
export { loadTokenizer } from './tokenizer.ts';
