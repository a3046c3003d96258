import type { CapstanJob, JobObject } from '@capstan/core';
import { Anchor, Group, Stack, Table, Text } from '@mantine/core';
import { bytes, figure } from '../format.ts';
import { useAdapterFiles } from '../queries/job-records.ts';
import { Loaded } from '../shell/loaded.tsx';
import { PageLink } from '../shell/page-link.tsx';
import { Section } from '../shell/section.tsx';

type Result = NonNullable<CapstanJob['result']>;

/** What training has brought: figures and words before and after, and the files to take away. */
export function JobResult({ job }: { job: JobObject }) {
  const { result } = job.capstan;
  if (result === null) return null;
  return (
    <Section
      title="Result"
      actions={
        job.fine_tuned_model !== null && <PageLink href={`/models?model=${encodeURIComponent(job.fine_tuned_model)}`}>Try it</PageLink>
      }
    >
      <Stack>
        <BeforeAfter result={result} />
        {result.samples.length > 0 && <Samples samples={result.samples} />}
        {job.fine_tuned_model !== null && <AdapterFiles id={job.id} />}
      </Stack>
    </Section>
  );
}

const FIGURES = [
  ['Loss', 'loss'],
  ['Perplexity', 'perplexity'],
  ['Token accuracy', 'token_accuracy'],
  ['ROUGE-1', 'rouge1'],
  ['ROUGE-2', 'rouge2'],
  ['ROUGE-L', 'rougeL'],
  ['ROUGE-Lsum', 'rougeLsum'],
] as const;

function BeforeAfter({ result }: { result: Result }) {
  if (result.base === null && result.adapter === null) return null;
  return (
    <Table maw={480}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>On the validation rows</Table.Th>
          <Table.Th>Before</Table.Th>
          <Table.Th>After</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {FIGURES.map(([label, name]) => (
          <Table.Tr key={name}>
            <Table.Td>{label}</Table.Td>
            <Table.Td>{figure(result.base?.[name])}</Table.Td>
            <Table.Td fw={600}>{figure(result.adapter?.[name])}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Samples({ samples }: { samples: Result['samples'] }) {
  return (
    <Table.ScrollContainer minWidth={640} type="native" tabIndex={0} role="region" aria-label="Samples before and after">
      <Table layout="fixed">
        <Table.Thead>
          <Table.Tr>
            {['Prompt', 'Wanted', 'Before', 'After'].map((name) => (
              <Table.Th key={name}>{name}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {samples.map(({ prompt, reference, before, after }) => (
            <Table.Tr key={prompt} style={{ verticalAlign: 'top' }}>
              {[prompt, reference, before, after].map((text, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: four columns that never change places
                <Table.Td key={index}>
                  <Text size="sm" className="wrap" lineClamp={6}>
                    {text}
                  </Text>
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function AdapterFiles({ id }: { id: string }) {
  return (
    <Loaded query={useAdapterFiles(id, true)}>
      {({ data }) => (
        <Group gap="md">
          <Text size="sm" fw={600}>
            Files
          </Text>
          {data.map(({ path, bytes: size }) => (
            <Text size="sm" key={path} className="wrap">
              <Anchor inherit underline="always" href={`/v1/fine_tuning/jobs/${id}/adapter/${encodeURIComponent(path)}`} download>
                {path}
              </Anchor>{' '}
              ({bytes(size)})
            </Text>
          ))}
        </Group>
      )}
    </Loaded>
  );
}
