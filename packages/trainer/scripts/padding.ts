/** How much of the batches of the example data is padding, sorted as the trainer sorts and in file order. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Tokenizer } from '@huggingface/tokenizers';
import { epochBatches, lengthFor, type TokenizedExample } from '../src/batches.ts';

const EXAMPLES = fileURLToPath(new URL('../../../examples', import.meta.url));
const [SOURCE_TOKENS, TARGET_TOKENS, EOS] = [512, 64, 1];

const tokenizer = new Tokenizer(JSON.parse(readFileSync(join(EXAMPLES, 't5-nano/tokenizer.json'), 'utf8')), {});
const tokenize = (text: string, limit: number) =>
  Int32Array.from([...tokenizer.encode(text, { add_special_tokens: false }).ids.slice(0, limit - 1), EOS]);

const lines = readFileSync(join(EXAMPLES, 'debian-synopsis/train.jsonl'), 'utf8').trim().split('\n');
const examples: TokenizedExample[] = lines.map((line) => {
  const [user, assistant] = (JSON.parse(line) as { messages: [{ content: string }, { content: string }] }).messages;
  return { inputIds: tokenize(user.content, SOURCE_TOKENS), labels: tokenize(assistant.content, TARGET_TOKENS) };
});

for (const taskType of ['SEQ_2_SEQ_LM', 'CAUSAL_LM'] as const) {
  const lengths = examples.map(lengthFor(taskType));
  for (const batchSize of [4, 8, 16]) {
    const sorted = epochBatches(examples, { batchSize, seed: 1, epoch: 0, taskType });
    const inOrder = Array.from({ length: Math.ceil(examples.length / batchSize) }, (_, i) =>
      [...examples.keys()].slice(i * batchSize, (i + 1) * batchSize),
    );
    console.log(`${taskType}, ${batchSize} rows: ${padding(sorted, lengths)} % padding, in file order ${padding(inOrder, lengths)} %`);
  }
}

function padding(batches: readonly number[][], lengths: readonly number[]): string {
  let [tokens, padded] = [0, 0];
  for (const batch of batches) {
    const own = batch.map((index) => lengths[index] as number);
    tokens += own.reduce((sum, length) => sum + length, 0);
    padded += Math.max(...own) * own.length;
  }
  return (100 * (1 - tokens / padded)).toFixed(1);
}
