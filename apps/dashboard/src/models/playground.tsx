import type { ModelObject } from '@capstan/core';
import { Button, Group, MultiSelect, NumberInput, Stack, Textarea } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useSearchParams } from 'wouter';
import { useCompareModels } from '../queries/models.ts';
import { Section } from '../shell/section.tsx';
import { Answers } from './answers.tsx';

const MOST_MODELS = 4;
const MOST_TOKENS = 512;

/** One question, several models, side by side. */
export function Playground({ models }: { models: readonly ModelObject[] }) {
  const [parameters] = useSearchParams();
  const [chosen, setChosen] = useState(() => firstChoice(models, parameters.get('model')));
  const [prompt, setPrompt] = useState('');
  const [sampling, setSampling] = useState({ maxTokens: 48, temperature: 0 });
  const compare = useCompareModels();
  const ask = (event: FormEvent) => {
    event.preventDefault();
    compare.mutate({ models: chosen, prompt, ...sampling });
  };
  return (
    <Section title="Playground">
      <form onSubmit={ask}>
        <Stack>
          <MultiSelect
            label="Models"
            data={models.map(({ id }) => id)}
            value={chosen}
            onChange={setChosen}
            maxValues={MOST_MODELS}
            searchable
            clearable
          />
          <Textarea
            label="Prompt"
            minRows={3}
            autosize
            required
            value={prompt}
            onChange={(event) => setPrompt(event.currentTarget.value)}
          />
          <Group align="flex-end">
            <Sampling sampling={sampling} onChange={setSampling} />
            <Button type="submit" loading={compare.isPending} disabled={chosen.length === 0 || prompt.trim() === ''}>
              Ask
            </Button>
          </Group>
        </Stack>
      </form>
      {compare.data && <Answers answers={compare.data.data} />}
    </Section>
  );
}

/** The model that was asked for and its base; else whatever is first. */
function firstChoice(models: readonly ModelObject[], wanted: string | null): string[] {
  const model = models.find(({ id }) => id === wanted) ?? models[0];
  if (model === undefined) return [];
  const base = model.capstan?.base;
  return base != null && models.some(({ id }) => id === base) ? [base, model.id] : [model.id];
}

interface SamplingSettings {
  maxTokens: number;
  temperature: number;
}

function Sampling({ sampling, onChange }: { sampling: SamplingSettings; onChange: (sampling: SamplingSettings) => void }) {
  const set = (name: keyof SamplingSettings) => (value: number | string) => onChange({ ...sampling, [name]: Number(value) });
  return (
    <>
      <NumberInput label="Tokens at most" w={130} min={1} max={MOST_TOKENS} value={sampling.maxTokens} onChange={set('maxTokens')} />
      <NumberInput
        label="Temperature"
        w={130}
        min={0}
        max={2}
        step={0.1}
        decimalScale={2}
        value={sampling.temperature}
        onChange={set('temperature')}
      />
    </>
  );
}
