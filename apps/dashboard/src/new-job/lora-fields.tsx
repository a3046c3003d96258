import { Checkbox, NumberInput, type NumberInputProps, SimpleGrid } from '@mantine/core';
import { Section } from '../shell/section.tsx';
import { type JobDraft, trainsAdapter } from './job-draft.ts';
import type { DraftFields } from './model-fields.tsx';

type NumberName = { [Name in keyof JobDraft]: JobDraft[Name] extends number | '' ? Name : never }[keyof JobDraft];

interface Field extends Pick<NumberInputProps, 'min' | 'max' | 'step' | 'decimalScale'> {
  name: NumberName;
  label: string;
  description: string;
}

const LORA: Field[] = [
  { name: 'rank', label: 'Rank', description: 'How much the adapter can learn: its width. 8 does for most.', min: 1, max: 256 },
  { name: 'alpha', label: 'Alpha', description: 'How strongly it counts: alpha ÷ rank scales its share.', min: 1, max: 4096 },
  {
    name: 'dropout',
    label: 'Dropout',
    description: 'Share of inputs left out while training, against memorising.',
    min: 0,
    max: 0.99,
    step: 0.05,
    decimalScale: 3,
  },
];
const TRAINING: Field[] = [
  { name: 'epochs', label: 'Epochs', description: 'Passes over the dataset.', min: 1, max: 50 },
  { name: 'maxSteps', label: 'Steps at most', description: 'Ends earlier, whatever the epochs say.', min: 1, max: 10_000_000 },
  { name: 'batchSize', label: 'Batch size', description: 'Rows for one step.', min: 1, max: 256 },
  {
    name: 'learningRate',
    label: 'Learning rate',
    description: 'How far a step goes, at its peak.',
    min: 0,
    max: 10,
    step: 0.0005,
    decimalScale: 6,
  },
];

/** Empty fields are Capstan's to choose. */
export function LoraFields({ draft, onChange }: DraftFields) {
  const field = ({ name, ...props }: Field, placeholder: string) => (
    <NumberInput
      key={name}
      {...props}
      placeholder={placeholder}
      value={draft[name]}
      onChange={(value) => onChange({ [name]: value === '' && placeholder !== '' ? '' : Number(value) })}
    />
  );
  const choice = (name: 'isDora' | 'savesMemory', label: string, description: string) => (
    <Checkbox
      mt="md"
      {...{ label, description }}
      checked={draft[name]}
      onChange={(event) => onChange({ [name]: event.currentTarget.checked })}
    />
  );
  return (
    <>
      {trainsAdapter(draft) && (
        <Section title="LoRA">
          <SimpleGrid cols={{ base: 1, sm: 3 }}>{LORA.map((each) => field(each, ''))}</SimpleGrid>
          {choice('isDora', 'DoRA', 'Learns the length and the direction of weights apart: often better at a low rank, and slower.')}
        </Section>
      )}
      <Section title="Training">
        <SimpleGrid cols={{ base: 1, sm: 2 }}>{TRAINING.map((each) => field(each, 'auto'))}</SimpleGrid>
        {choice('savesMemory', 'Gradient checkpointing', 'Needs much less memory and takes longer; what is learned is the same.')}
      </Section>
    </>
  );
}
