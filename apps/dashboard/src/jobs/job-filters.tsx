import { JOB_SORTS, JOB_STATUSES, type JobSort } from '@capstan/core';
import { Select, SimpleGrid, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useSearchParams } from 'wouter';
import { useModels } from '../queries/models.ts';
import { usePools } from '../queries/pools.ts';
import { JOB_STATES } from './job-states.ts';

const TYPING_PAUSE_MS = 300;
const SORTS: Record<JobSort, string> = {
  created: 'Newest first',
  oldest: 'Oldest first',
  priority: 'Most urgent first',
  wait: 'Longest wait first',
  duration: 'Longest run first',
};

export function JobFilters() {
  const [parameters, setParameters] = useSearchParams();
  const pools = usePools();
  const models = useModels();
  const set = (name: string) => (value: string | null) =>
    setParameters((before) => {
      const after = new URLSearchParams(before);
      if (value === null || value === '') after.delete(name);
      else after.set(name, value);
      return after;
    });
  const search = useDebouncedCallback(set('search'), TYPING_PAUSE_MS);
  const bases = models.data?.data.filter(({ capstan }) => capstan?.kind === 'base').map(({ id }) => id) ?? [];
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3, lg: 6 }} spacing="sm" role="search" aria-label="Filters">
      <TextInput
        label="Search"
        placeholder="Id, suffix or model"
        defaultValue={parameters.get('search') ?? ''}
        onChange={(event) => search(event.currentTarget.value)}
      />
      <Select
        label="State"
        placeholder="Any"
        clearable
        data={JOB_STATUSES.map((state) => ({ value: state, label: JOB_STATES[state].label }))}
        value={parameters.get('state')}
        onChange={set('state')}
      />
      <Select
        label="Pool"
        placeholder="Any"
        clearable
        data={pools.data?.data.map(({ id }) => id) ?? []}
        value={parameters.get('pool')}
        onChange={set('pool')}
      />
      <Select label="Base model" placeholder="Any" clearable data={bases} value={parameters.get('model')} onChange={set('model')} />
      <OwnerAndOrder parameters={parameters} set={set} />
    </SimpleGrid>
  );
}

interface OwnerAndOrderProps {
  parameters: URLSearchParams;
  set: (name: string) => (value: string | null) => void;
}

function OwnerAndOrder({ parameters, set }: OwnerAndOrderProps) {
  const owner = useDebouncedCallback(set('owner'), TYPING_PAUSE_MS);
  return (
    <>
      <TextInput
        label="Owner"
        placeholder="Name of a key"
        defaultValue={parameters.get('owner') ?? ''}
        onChange={(event) => owner(event.currentTarget.value)}
      />
      <Select
        label="Sort"
        allowDeselect={false}
        data={JOB_SORTS.map((value) => ({ value, label: SORTS[value] }))}
        value={parameters.get('sort') ?? 'created'}
        onChange={set('sort')}
      />
    </>
  );
}
