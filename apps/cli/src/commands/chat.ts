import { createInterface } from 'node:readline/promises';
import { text as readAll } from 'node:stream/consumers';
import { Command } from 'commander';
import { decimalNumber, wholeNumber } from '../arguments.ts';
import type { CliContext } from '../cli-context.ts';
import { UsageError } from '../cli-errors.ts';
import { type Session, withSession } from '../session.ts';
import { chooseModels } from './choose-models.ts';

interface ChatOptions {
  model?: string;
  compare?: string;
  maxTokens?: number;
  temperature?: number;
  topP?: number;
  topK?: number;
  numBeams?: number;
  repetitionPenalty?: number;
  seed?: number;
}

export function chatCommand(context: CliContext): Command {
  return new Command('chat')
    .argument('[prompt...]')
    .description('ask a model; without a prompt, each line that you type is one')
    .option('--model <id>', 'whom to ask (the newest fine-tuned model, else a base)')
    .option('--compare <id>', 'ask a second model the same; `base` is the base of the first')
    .option('--max-tokens <n>', 'length of the answer at most', wholeNumber)
    .option('--temperature <x>', '0 gives the same answer every time', decimalNumber)
    .option('--top-p <x>', 'samples from the likeliest tokens that reach this share', decimalNumber)
    .option('--top-k <n>', 'samples from this many of the likeliest tokens', wholeNumber)
    .option('--num-beams <n>', 'searches for the likeliest answer by that many beams', wholeNumber)
    .option('--repetition-penalty <x>', 'above 1 makes repetitions less likely', decimalNumber)
    .option('--seed <n>', 'makes sampling repeatable', wholeNumber)
    .action(withSession(context, (session, options: ChatOptions, words) => chat(session, options, words.join(' '))));
}

async function chat(session: Session, options: ChatOptions, given: string): Promise<void> {
  const models = await chooseModels(session, options);
  const prompt = given === '' && session.context.stdin.isTTY !== true ? (await readAll(session.context.stdin)).trim() : given;
  if (prompt !== '') return ask(session, models, prompt, options);
  if (session.context.stdin.isTTY !== true) throw new UsageError('Give a prompt, as words or on standard input.');
  await converse(session, models, options);
}

async function converse(session: Session, models: string[], options: ChatOptions): Promise<void> {
  const { output, context } = session;
  output.note(`Asking ${models.join(' and ')}. Each line is a prompt of its own; an empty line ends.`);
  const lines = createInterface({ input: context.stdin, output: context.stderr });
  try {
    for (;;) {
      // Ctrl-C and Ctrl-D end a conversation as an empty line does.
      const prompt = await lines.question('> ', { signal: context.signal }).catch(() => '');
      if (prompt.trim() === '') return;
      await ask(session, models, prompt, options);
    }
  } finally {
    lines.close();
  }
}

async function ask(session: Session, models: string[], prompt: string, options: ChatOptions): Promise<void> {
  for (const model of models) await streamAnswer(session, model, prompt, options);
}

async function streamAnswer(session: Session, model: string, prompt: string, options: ChatOptions): Promise<void> {
  const { output, context } = session;
  const request = {
    model,
    messages: [{ role: 'user' as const, content: prompt }],
    max_tokens: options.maxTokens,
    temperature: options.temperature,
    top_p: options.topP,
    seed: options.seed,
    capstan: { top_k: options.topK, num_beams: options.numBeams, repetition_penalty: options.repetitionPenalty },
  };
  if (output.json) return output.item(await session.client().chat.complete(request, { signal: context.signal }), () => null);
  if (options.compare !== undefined) output.line(output.colors.bold(model));
  let tokensPerSecond: number | null = null;
  for await (const chunk of session.client().chat.stream(request, { signal: context.signal })) {
    context.stdout.write(chunk.choices[0]?.delta.content ?? '');
    tokensPerSecond = chunk.capstan?.tokens_per_second ?? tokensPerSecond;
  }
  output.line();
  if (output.interactive && tokensPerSecond !== null) output.note(output.colors.dim(`${tokensPerSecond.toFixed(1)} tokens/s`));
}
