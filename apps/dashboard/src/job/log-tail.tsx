import type { LogObject } from '@capstan/core';
import { Button, Group, Text, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { useLogTail } from '../queries/job-records.ts';
import { ErrorNote } from '../shell/error-note.tsx';
import { Section } from '../shell/section.tsx';
import { useDownloadLogs } from './download-logs.ts';

/** The last lines as they come; scrolling up holds still what is being read. */
export function LogTail({ id }: { id: string }) {
  const logs = useLogTail(id);
  const [search, setSearch] = useState('');
  const download = useDownloadLogs(id);
  const all = logs.data?.data ?? [];
  const lines = search === '' ? all : all.filter(({ message }) => message.toLowerCase().includes(search.toLowerCase()));
  return (
    <Section
      title="Logs"
      actions={
        <Group gap="xs">
          <TextInput
            size="xs"
            aria-label="Search the logs"
            placeholder="Search"
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <Button size="xs" variant="default" onClick={() => download.mutate()} loading={download.isPending}>
            Download
          </Button>
        </Group>
      }
    >
      {logs.isError && <ErrorNote error={logs.error} />}
      {lines.length === 0 ? (
        <Text size="sm">{search === '' ? 'Nothing has been written yet.' : 'No line has that.'}</Text>
      ) : (
        <Lines lines={lines} />
      )}
    </Section>
  );
}

const NEAR_END_PX = 40;

function Lines({ lines }: { lines: readonly LogObject[] }) {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    if (box.current && isAtEnd.current) box.current.scrollTop = box.current.scrollHeight;
  });
  const remember = () => {
    const { scrollTop = 0, clientHeight = 0, scrollHeight = 0 } = box.current ?? {};
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <div ref={box} className="log" role="log" aria-label="Log lines" tabIndex={0} onScroll={remember}>
      {lines.map(({ seq, attempt, rank, level, message, created_at: at }) => (
        <div key={seq}>
          {new Date(at * 1000).toLocaleTimeString(undefined, { hourCycle: 'h23' })} a{attempt}/r{rank}{' '}
          {level === 'info' ? '' : `${level.toUpperCase()} `}
          {message}
        </div>
      ))}
    </div>
  );
}
