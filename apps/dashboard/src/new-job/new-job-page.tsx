import type { JobObject } from '@capstan/core';
import { Grid, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { useJob } from '../queries/jobs.ts';
import { useMayAct } from '../queries/session.ts';
import { ErrorNote } from '../shell/error-note.tsx';
import { Page } from '../shell/page.tsx';
import { PageLoader } from '../shell/page-loader.tsx';
import { DatasetFields } from './dataset-fields.tsx';
import { draftOf, FRESH_DRAFT, toRequest } from './job-draft.ts';
import { LoraFields } from './lora-fields.tsx';
import { MethodFields } from './method-fields.tsx';
import { ModelFields } from './model-fields.tsx';
import { SubmitPanel } from './submit-panel.tsx';

/** Fresh, or filled in as another job was. */
export function NewJobPage() {
  const [parameters] = useSearchParams();
  const from = parameters.get('from');
  const maySubmit = useMayAct('submitter');
  if (!maySubmit) {
    return (
      <Page title="New job">
        <Text>Your key may look, not submit. An admin can make you one that may.</Text>
      </Page>
    );
  }
  return from === null ? <JobForm model={null} /> : <CloneForm from={from} />;
}

function CloneForm({ from }: { from: string }) {
  const job = useJob(from);
  if (job.isPending) return <PageLoader />;
  return job.isError ? <ErrorNote error={job.error} /> : <JobForm model={job.data} />;
}

function JobForm({ model }: { model: JobObject | null }) {
  const [draft, setDraft] = useState(() => (model === null ? FRESH_DRAFT : draftOf(model)));
  const set = (change: Partial<typeof draft>) => setDraft((before) => ({ ...before, ...change }));
  return (
    <Page title="New job">
      <Grid>
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Stack>
            <ModelFields draft={draft} onChange={set} />
            <MethodFields draft={draft} onChange={set} />
            <DatasetFields draft={draft} onChange={set} />
            <LoraFields draft={draft} onChange={set} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <SubmitPanel request={toRequest(draft)} />
        </Grid.Col>
      </Grid>
    </Page>
  );
}
