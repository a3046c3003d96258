import {
  createCausalEncoder,
  createClassEncoder,
  createSourceTargetEncoder,
  type ExampleEncoder,
  loadChatTemplate,
  type Tokenizer,
} from '@capstan/datasets';
import { readTask } from '@capstan/trainer';
import type { BaseModelFiles } from './fetch-model-files.ts';

/** How rows and questions become ids for this kind of model. `labels` are the classes, for a classifier. */
export function makeEncoder(
  files: BaseModelFiles,
  { tokenizer, labels }: { tokenizer: Tokenizer; labels: readonly string[] },
): ExampleEncoder {
  const { type, eosIds } = readTask(files.config);
  switch (type) {
    case 'SEQ_2_SEQ_LM':
      return createSourceTargetEncoder(tokenizer);
    case 'SEQ_CLS':
      return createClassEncoder(tokenizer, labels);
    case 'CAUSAL_LM':
      return createCausalEncoder(tokenizer, { chat: loadChatTemplate(files), eosIds });
  }
}
