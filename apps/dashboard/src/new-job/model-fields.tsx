import { NumberInput, Select, SimpleGrid, TextInput } from '@mantine/core';
import { useModels } from '../queries/models.ts';
import { usePools } from '../queries/pools.ts';
import { Section } from '../shell/section.tsx';
import type { JobDraft } from './job-draft.ts';

export interface DraftFields {
  draft: JobDraft;
  onChange: (change: Partial<JobDraft>) => void;
}

export function ModelFields({ draft, onChange }: DraftFields) {
  const models = useModels();
  const pools = usePools();
  const trainable = models.data?.data.filter(({ capstan }) => capstan?.kind === 'base' || capstan?.method === 'full') ?? [];
  return (
    <Section title="Model">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Select
          label="Base model"
          description="What the job starts from."
          required
          searchable
          data={trainable.map(({ id }) => id)}
          value={draft.model === '' ? null : draft.model}
          onChange={(model) => onChange({ model: model ?? '' })}
        />
        <TextInput
          label="Suffix"
          description="A word for the name of the result."
          value={draft.suffix}
          onChange={(event) => onChange({ suffix: event.currentTarget.value })}
        />
        <Select
          label="Pool"
          description="Where it runs."
          clearable
          placeholder="the usual one"
          data={pools.data?.data.map(({ id }) => id) ?? []}
          value={draft.pool === '' ? null : draft.pool}
          onChange={(pool) => onChange({ pool: pool ?? '' })}
        />
        <NumberInput
          label="Priority"
          description="0 goes first, 100 last."
          min={0}
          max={100}
          allowDecimal={false}
          value={draft.priority}
          onChange={(value) => onChange({ priority: Number(value) })}
        />
      </SimpleGrid>
    </Section>
  );
}
