import { API_KEY_ROLES, type ApiKeyRole } from '@capstan/core';
import { Alert, Button, Code, CopyButton, Group, Select, Stack, Table, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { dateTime } from '../format.ts';
import { useApiKeys, useCreateApiKey, useRevokeApiKey } from '../queries/api-keys.ts';
import { useSession } from '../queries/session.ts';
import { Loaded } from '../shell/loaded.tsx';
import { Section } from '../shell/section.tsx';

export function ApiKeys() {
  return (
    <Section title="API keys">
      <Stack>
        <CreateKey />
        <KeysTable />
      </Stack>
    </Section>
  );
}

function CreateKey() {
  const [name, setName] = useState('');
  const [role, setRole] = useState<ApiKeyRole>('viewer');
  const [project, setProject] = useState('');
  const create = useCreateApiKey();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ name, role, ...(project === '' ? {} : { project }) }, { onSuccess: () => setName('') });
  };
  return (
    <form onSubmit={submit}>
      <Group align="flex-end">
        <TextInput label="Name" required value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <Select
          label="Role"
          data={[...API_KEY_ROLES]}
          allowDeselect={false}
          value={role}
          onChange={(value) => setRole(value as ApiKeyRole)}
        />
        <TextInput label="Project" placeholder="this one" value={project} onChange={(event) => setProject(event.currentTarget.value)} />
        <Button type="submit" loading={create.isPending}>
          Make a key
        </Button>
      </Group>
      {create.data?.key !== undefined && <FreshKey secret={create.data.key} />}
    </form>
  );
}

function FreshKey({ secret }: { secret: string }) {
  return (
    <Alert color="teal" variant="outline" mt="sm" title="Copy the key now: it is not shown again." role="status">
      <Group>
        <Code className="wrap">{secret}</Code>
        <CopyButton value={secret}>
          {({ copied, copy }) => (
            <Button size="xs" variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Alert>
  );
}

function KeysTable() {
  const revoke = useRevokeApiKey();
  const { data: session } = useSession();
  return (
    <Loaded query={useApiKeys()}>
      {({ data }) => (
        <Table.ScrollContainer minWidth={520} type="native" tabIndex={0} role="region" aria-label="Table of keys">
          <Table>
            <Table.Thead>
              <Table.Tr>
                {['Name', 'Key', 'Role', 'Created', 'Actions'].map((heading) => (
                  <Table.Th key={heading}>{heading}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.map(({ id, name, hint, role, created_at: at }) => (
                <Table.Tr key={id}>
                  <Table.Td>{name}</Table.Td>
                  <Table.Td>…{hint}</Table.Td>
                  <Table.Td>{role}</Table.Td>
                  <Table.Td>{dateTime(at)}</Table.Td>
                  <Table.Td>
                    {id === session?.key.id ? (
                      <Text size="xs">in use here</Text>
                    ) : (
                      <Button
                        size="compact-xs"
                        variant="outline"
                        color="red"
                        aria-label={`Revoke ${name}`}
                        onClick={() => window.confirm(`Revoke ${name}? Whoever uses it is locked out.`) && revoke.mutate(id)}
                      >
                        Revoke
                      </Button>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Loaded>
  );
}
