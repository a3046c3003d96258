import { ApiError } from '@capstan/client';
import { Alert, FileInput, List, Loader, Select, Stack, Text } from '@mantine/core';
import { count } from '../format.ts';
import { useDatasets, useUpload } from '../queries/files.ts';
import { Section } from '../shell/section.tsx';
import { DatasetReport } from './dataset-report.tsx';
import type { DraftFields } from './model-fields.tsx';

/** A file that is there already, or a new one, judged line by line. */
export function DatasetFields({ draft, onChange }: DraftFields) {
  const datasets = useDatasets();
  const upload = useUpload();
  const choices = datasets.data?.data.map(({ id, filename }) => ({ value: id, label: `${filename} (${id.slice(-6)})` })) ?? [];
  const send = (file: File | null) => file && upload.mutate(file, { onSuccess: ({ id }) => onChange({ trainingFile: id }) });
  return (
    <Section title="Dataset">
      <Stack>
        <FileInput
          label="Upload a dataset"
          description="JSONL: chat lines as for OpenAI, {prompt, completion}, or {dialogue, summary}."
          accept=".jsonl,.json"
          placeholder="Choose a file"
          onChange={send}
          rightSection={upload.isPending ? <Loader size="xs" aria-label="Uploading" /> : null}
        />
        {upload.isError && <Refusal error={upload.error} />}
        <Select
          label="Training file"
          required
          searchable
          data={choices}
          value={draft.trainingFile}
          onChange={(trainingFile) => onChange({ trainingFile })}
        />
        <Select
          label="Validation file"
          description="Rows that are not trained on show whether it learns or memorises."
          clearable
          searchable
          data={choices}
          value={draft.validationFile}
          onChange={(validationFile) => onChange({ validationFile })}
        />
        {draft.trainingFile !== null && <DatasetReport id={draft.trainingFile} />}
      </Stack>
    </Section>
  );
}

function Refusal({ error }: { error: Error }) {
  const problems = error instanceof ApiError ? error.problems : [];
  return (
    <Alert color="red" variant="outline" role="alert" title="The file was refused">
      <Text size="sm">{error.message}</Text>
      <List size="sm" mt="xs">
        {problems.map(({ line, message }) => (
          <List.Item key={`${line}-${message}`} className="wrap">
            Line {count(line)}: {message.replace(/^line \d+: /, '')}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
