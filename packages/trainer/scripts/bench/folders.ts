import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Tokenizer } from '@huggingface/tokenizers';
import { initModel, modelFiles } from '../../src/index.ts';

const EXAMPLES = fileURLToPath(new URL('../../../../examples', import.meta.url));
const JOB_ROWS = 480;
const [SOURCE_TOKENS, TARGET_TOKENS] = [192, 48];
const EOS = 1;

/** Writes a model with fresh weights under `work` and gives its folder. */
export async function writeModel(work: string, name: string, config: object): Promise<string> {
  const folder = join(work, name);
  mkdirSync(folder);
  const bytes = new TextEncoder().encode(JSON.stringify(config));
  const model = initModel(bytes, 1);
  writeFileSync(join(folder, 'config.json'), bytes);
  writeFileSync(join(folder, 'model.safetensors'), (await modelFiles(model))['model.safetensors']);
  model.dispose();
  return folder;
}

/** The example model and the first rows of the example data, with their real lengths. */
export function writeJob(work: string): string {
  const folder = join(work, 'job');
  mkdirSync(folder);
  for (const file of ['config.json', 'model.safetensors']) writeFileSync(join(folder, file), readFileSync(join(EXAMPLES, 't5-nano', file)));
  const tokenizer = new Tokenizer(JSON.parse(readFileSync(join(EXAMPLES, 't5-nano', 'tokenizer.json'), 'utf8')), {});
  const tokenize = (text: string, limit: number) => [...tokenizer.encode(text, { add_special_tokens: false }).ids.slice(0, limit - 1), EOS];
  const lines = readFileSync(join(EXAMPLES, 'debian-synopsis', 'train.jsonl'), 'utf8').split('\n', JOB_ROWS);
  const rows = lines.map((line) => {
    const [user, assistant] = (JSON.parse(line) as { messages: [{ content: string }, { content: string }] }).messages;
    return { inputIds: tokenize(user.content, SOURCE_TOKENS), labels: tokenize(assistant.content, TARGET_TOKENS) };
  });
  writeFileSync(join(folder, 'rows.json'), JSON.stringify(rows));
  return folder;
}
