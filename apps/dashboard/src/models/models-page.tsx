import type { ModelObject } from '@capstan/core';
import { Button, Table, Text } from '@mantine/core';
import { count, dateTime } from '../format.ts';
import { useDeleteModel, useModels } from '../queries/models.ts';
import { useMayAct } from '../queries/session.ts';
import { Loaded } from '../shell/loaded.tsx';
import { Page } from '../shell/page.tsx';
import { PageLink } from '../shell/page-link.tsx';
import { Section } from '../shell/section.tsx';
import { Playground } from './playground.tsx';

/** What can be trained and asked, and where each came from. */
export function ModelsPage() {
  const maySubmit = useMayAct('submitter');
  return (
    <Page title="Models">
      <Loaded query={useModels()}>
        {({ data }) => (
          <>
            {maySubmit && <Playground models={data} />}
            <Section title="All models">
              <ModelsTable models={data} maySubmit={maySubmit} />
            </Section>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function ModelsTable({ models, maySubmit }: { models: readonly ModelObject[]; maySubmit: boolean }) {
  if (models.length === 0) return <Text size="sm">There is no model yet: MODELS_DIR names the folder of base models.</Text>;
  return (
    <Table.ScrollContainer minWidth={760} type="native" tabIndex={0} role="region" aria-label="Table of models">
      <Table>
        <Table.Thead>
          <Table.Tr>
            {['Model', 'Kind', 'Base', 'Parameters', 'Created', 'Actions'].map((name) => (
              <Table.Th key={name}>{name}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {models.map((model) => (
            <ModelRow key={model.id} model={model} maySubmit={maySubmit} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function ModelRow({ model, maySubmit }: { model: ModelObject; maySubmit: boolean }) {
  const remove = useDeleteModel();
  const { kind, base, job_id: job, parameter_count: parameters } = model.capstan ?? {};
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" className="wrap">
          {model.id}
        </Text>
        {job != null && (
          <Text size="xs" component="div">
            by <PageLink href={`/jobs/${job}`}>{job}</PageLink>
          </Text>
        )}
      </Table.Td>
      <Table.Td className="whole">{kind}</Table.Td>
      <Table.Td className="whole">{base ?? '–'}</Table.Td>
      <Table.Td>{parameters == null ? '–' : count(parameters)}</Table.Td>
      <Table.Td className="whole">{dateTime(model.created)}</Table.Td>
      <Table.Td>
        {maySubmit && kind === 'fine-tuned' && (
          <Button
            size="compact-xs"
            variant="outline"
            color="red"
            aria-label={`Delete ${model.id}`}
            loading={remove.isPending}
            onClick={() => window.confirm(`Delete ${model.id}? Its job stays.`) && remove.mutate(model.id)}
          >
            Delete
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
