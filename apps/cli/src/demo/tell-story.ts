import { join } from 'node:path';
import { estimateText } from '../present/estimate-text.ts';
import { askModel } from './ask-model.ts';
import { BASE_MODEL, type DemoContext } from './demo-context.ts';
import { demoJobRequest } from './demo-job.ts';
import { readDemoPrompts } from './demo-prompts.ts';
import { answersText } from './results-text.ts';
import { type DemoResults, showResults } from './show-results.ts';
import { trainAdapter } from './train-adapter.ts';
import { uploadDatasets } from './upload-datasets.ts';

const PROMPTS_TRIED = 3;

/** From an untrained answer to a served adapter, through the public API alone. */
export async function tellStory(demo: DemoContext): Promise<DemoResults> {
  const { client, narrator, output, signal } = demo;

  narrator.chapter('Trying the base model');
  narrator.say(
    `The objective: write the one-line synopsis of a Debian package from its description. ${BASE_MODEL} has read a lot of text, but nobody has ever ` +
      'asked it to summarise. The first answer takes a moment: a worker starts and loads the model.',
  );
  const prompts = await readDemoPrompts(join(demo.datasetDir, 'valid.jsonl'), PROMPTS_TRIED);
  const before = await askModel(
    demo,
    BASE_MODEL,
    prompts.map(({ prompt }) => prompt),
  );
  narrator.show(answersText(prompts, before, null, output));

  narrator.chapter('Uploading the dataset');
  const files = await uploadDatasets(demo);

  narrator.chapter('Asking what it will take');
  const request = demoJobRequest(files);
  const estimate = await client.jobs.estimate(request, { signal });
  narrator.say('A LoRA adapter leaves the base as it is and trains two thin matrices beside each linear layer: rank 16, scale 32/16.');
  narrator.show(estimateText(estimate, output));

  narrator.chapter('Training the adapter');
  const job = await trainAdapter(demo, request);

  narrator.chapter('Before and after');
  return showResults(demo, job, { prompts, before });
}
