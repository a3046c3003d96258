import { NumberInput, Select, SimpleGrid } from '@mantine/core';
import { Section } from '../shell/section.tsx';
import type { JobDraft } from './job-draft.ts';
import type { DraftFields } from './model-fields.tsx';

const METHODS = [
  { value: 'supervised', label: 'Examples of good answers' },
  { value: 'dpo', label: 'Preferences between two answers (DPO)' },
];

const TRAINED = [
  { value: 'adapter', label: 'An adapter (LoRA)' },
  { value: 'weights', label: 'Every weight' },
  { value: 'fresh weights', label: 'Every weight, from random ones' },
];

/** What the rows of the dataset teach, and what learns it. */
export function MethodFields({ draft, onChange }: DraftFields) {
  return (
    <Section title="Method">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Select
          label="Learns from"
          description={
            draft.method === 'dpo' ? 'Rows of {input, preferred_output, non_preferred_output}.' : 'Rows with the answer that is wanted.'
          }
          allowDeselect={false}
          data={METHODS}
          value={draft.method}
          onChange={(method) => onChange({ method: method as JobDraft['method'] })}
        />
        {draft.method === 'supervised' && (
          <Select
            label="Trains"
            description={draft.trains === 'adapter' ? 'Small, cheap, served with its base.' : 'Needs several times the memory.'}
            allowDeselect={false}
            data={TRAINED}
            value={draft.trains}
            onChange={(trains) => onChange({ trains: trains as JobDraft['trains'] })}
          />
        )}
        {draft.method === 'dpo' && (
          <NumberInput
            label="Beta"
            description="How closely it stays to the base model: a higher one changes less."
            placeholder="0.1"
            min={0}
            max={2}
            step={0.05}
            decimalScale={4}
            value={draft.beta}
            onChange={(value) => onChange({ beta: value === '' ? '' : Number(value) })}
          />
        )}
      </SimpleGrid>
    </Section>
  );
}
