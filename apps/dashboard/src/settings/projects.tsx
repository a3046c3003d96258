import type { ProjectObject } from '@capstan/core';
import { Button, Group, Stack, TextInput, Title } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useCreateProject, useProjects, useUpdateProject } from '../queries/projects.ts';
import { Facts } from '../shell/facts.tsx';
import { Loaded } from '../shell/loaded.tsx';
import { Section } from '../shell/section.tsx';
import { LimitFields, type Limits, NO_LIMITS } from './limit-fields.tsx';
import { projectUse } from './project-use.tsx';

/** Every project with what it has in use, and the limits that admins set. */
export function Projects() {
  return (
    <Section title="Projects and quotas">
      <Stack gap="lg">
        <Loaded query={useProjects()}>
          {({ data }) => data.map((project) => <ProjectLimits key={`${project.id} ${JSON.stringify(project.quota)}`} project={project} />)}
        </Loaded>
        <CreateProject />
      </Stack>
    </Section>
  );
}

function ProjectLimits({ project }: { project: ProjectObject }) {
  const { max_concurrent_gpus, max_queued_jobs, monthly_budget_usd } = project.quota;
  const current: Limits = { max_concurrent_gpus, max_queued_jobs, monthly_budget_usd };
  const [limits, setLimits] = useState(current);
  const update = useUpdateProject(project.id);
  const hasChanged = JSON.stringify(limits) !== JSON.stringify(current);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    update.mutate(limits);
  };
  return (
    <form onSubmit={submit} aria-label={`Project ${project.name}`}>
      <Stack gap="xs">
        <Title order={3} size="h5">
          {project.name}
        </Title>
        <Facts facts={projectUse(project)} columns={3} />
        <Group align="flex-end">
          <LimitFields limits={limits} onChange={setLimits} />
          <Button
            type="submit"
            variant="default"
            disabled={!hasChanged}
            loading={update.isPending}
            aria-label={`Set limits of ${project.name}`}
          >
            Set limits
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function CreateProject() {
  const [name, setName] = useState('');
  const [limits, setLimits] = useState(NO_LIMITS);
  const create = useCreateProject();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const clear = () => {
      setName('');
      setLimits(NO_LIMITS);
    };
    create.mutate({ name, ...limits }, { onSuccess: clear });
  };
  return (
    <form onSubmit={submit} aria-label="New project">
      <Group align="flex-end">
        <TextInput
          label="New project"
          placeholder="its name"
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <LimitFields limits={limits} onChange={setLimits} />
        <Button type="submit" loading={create.isPending}>
          Make a project
        </Button>
      </Group>
    </form>
  );
}
