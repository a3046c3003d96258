import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseDatasetLine, toSourceTarget } from '@capstan/core';

/** A row that the model never trains on: what it is asked, and what a person wrote. */
export interface DemoPrompt {
  prompt: string;
  reference: string;
}

/** The first `count` rows of a dataset; reads no further. */
export async function readDemoPrompts(path: string, count: number): Promise<DemoPrompt[]> {
  const prompts: DemoPrompt[] = [];
  const file = createReadStream(path, 'utf8');
  try {
    for await (const text of createInterface({ input: file })) {
      const parsed = parseDatasetLine(text, prompts.length + 1);
      if (!parsed.ok) continue;
      const { source, target } = toSourceTarget(parsed.row);
      prompts.push({ prompt: source, reference: target });
      if (prompts.length === count) break;
    }
  } finally {
    file.destroy();
  }
  return prompts;
}
