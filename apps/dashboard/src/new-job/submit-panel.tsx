import type { CreateJobRequest, JobEstimateObject } from '@capstan/core';
import { Alert, Button, Code, CopyButton, List, Stack, Tabs, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useLocation } from 'wouter';
import { bytes, count, dollars, duration, percent } from '../format.ts';
import { useCreateJob, useEstimate } from '../queries/new-job.ts';
import { ErrorNote } from '../shell/error-note.tsx';
import { Facts } from '../shell/facts.tsx';
import { Section } from '../shell/section.tsx';
import { asCurl, asOpenAi } from './request-code.ts';

const TYPING_PAUSE_MS = 300;

/** What the job will take, the button, and the same request as code. */
export function SubmitPanel({ request }: { request: CreateJobRequest | null }) {
  const [settled] = useDebouncedValue(request, TYPING_PAUSE_MS);
  const estimate = useEstimate(settled);
  const create = useCreateJob();
  const [, go] = useLocation();
  const submit = () => request && create.mutate(request, { onSuccess: ({ id }) => go(`/jobs/${id}`) });
  return (
    <Stack>
      <Section title="Estimate">
        <Stack>
          {request === null && <Text size="sm">Choose a model and a dataset to see what the job will take.</Text>}
          {request !== null && estimate.isError && <ErrorNote error={estimate.error} />}
          {request !== null && estimate.data && <Estimate estimate={estimate.data} />}
          <Button onClick={submit} disabled={request === null} loading={create.isPending}>
            Submit
          </Button>
        </Stack>
      </Section>
      {request !== null && <AsCode request={request} />}
    </Stack>
  );
}

function Estimate({ estimate }: { estimate: JobEstimateObject }) {
  return (
    <>
      <Facts
        facts={[
          ['Steps', count(estimate.steps)],
          ['Time', `${duration(estimate.seconds)}${estimate.seconds_basis === 'default' ? ', roughly' : ''}`],
          ['Cost', dollars(estimate.cost_usd)],
          ['Peak memory', bytes(estimate.peak_memory_bytes)],
          ['Trained tokens', count(estimate.trained_tokens)],
          ['Trainable', `${count(estimate.trainable_parameters)} (${percent(estimate.trainable_share)})`],
        ]}
        columns={3}
      />
      {estimate.warnings.length > 0 && (
        <Alert color="orange" variant="outline" title="Mind this">
          <List size="sm">
            {estimate.warnings.map((warning) => (
              <List.Item key={warning}>{warning}</List.Item>
            ))}
          </List>
        </Alert>
      )}
    </>
  );
}

function AsCode({ request }: { request: CreateJobRequest }) {
  const { origin } = window.location;
  return (
    <Section title="The same as code">
      <Tabs defaultValue="curl">
        <Tabs.List>
          <Tabs.Tab value="curl">curl</Tabs.Tab>
          <Tabs.Tab value="openai">openai</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="curl">
          <Snippet code={asCurl(request, origin)} />
        </Tabs.Panel>
        <Tabs.Panel value="openai">
          <Snippet code={asOpenAi(request, origin)} />
        </Tabs.Panel>
      </Tabs>
    </Section>
  );
}

function Snippet({ code }: { code: string }) {
  return (
    <Stack gap="xs" mt="xs">
      <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {code}
      </Code>
      <CopyButton value={code}>
        {({ copied, copy }) => (
          <Button size="xs" variant="default" onClick={copy}>
            {copied ? 'Copied' : 'Copy'}
          </Button>
        )}
      </CopyButton>
    </Stack>
  );
}
