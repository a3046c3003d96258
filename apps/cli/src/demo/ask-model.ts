import type { DemoContext } from './demo-context.ts';

export interface Answer {
  text: string;
  tokensPerSecond: number | null;
}

const MAX_ANSWER_TOKENS = 32;

/** What `model` answers to each prompt, one after the other, always the most likely words. */
export async function askModel({ client, signal }: DemoContext, model: string, prompts: string[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const prompt of prompts) {
    const request = { model, messages: [{ role: 'user' as const, content: prompt }], max_tokens: MAX_ANSWER_TOKENS, temperature: 0 };
    const { choices, capstan } = await client.chat.complete(request, { signal });
    answers.push({ text: choices[0]?.message.content ?? '', tokensPerSecond: capstan.tokens_per_second });
  }
  return answers;
}

/** The median of the speeds seen: the first answer of a cold model is slow and says nothing about the rest. */
export function typicalSpeed(answers: Answer[]): number | null {
  const speeds = answers.map(({ tokensPerSecond }) => tokensPerSecond).filter((speed) => speed !== null);
  return speeds.toSorted((one, other) => one - other)[Math.floor(speeds.length / 2)] ?? null;
}
