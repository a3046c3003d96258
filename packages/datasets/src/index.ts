export type { TokenStream } from './token-stream.ts';
export { createTokenStream } from './token-stream.ts';
export type { Tokenizer } from './tokenizer.ts';
export { loadTokenizer } from './tokenizer.ts';
