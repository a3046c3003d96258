import type { CurveObject, JobStreamMessage, List, LogObject } from '@capstan/core';
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { client } from '../client.ts';
import { appendMetrics } from '../curves/append-metrics.ts';
import { CURVE_POINTS, LOG_LINES } from './job-records.ts';
import { keys } from './keys.ts';

/** Keeps everything about the job up to date by its event stream, until it ends or the page is left. */
export function useFollowJob(id: string): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    const leaving = new AbortController();
    follow(queryClient, id, leaving.signal).catch(() => undefined);
    return () => leaving.abort(new DOMException('The page was left.', 'AbortError'));
  }, [queryClient, id]);
}

async function follow(queryClient: QueryClient, id: string, signal: AbortSignal): Promise<void> {
  let isFirst = true;
  for await (const message of client.jobs.stream(id, { from: 'end', signal })) {
    apply(queryClient, id, message);
    // The stream stands at the end now: what was recorded between the first read and this moment is read again.
    if (isFirst)
      await Promise.all([keys.curve(id), keys.logs(id), keys.events(id)].map((queryKey) => queryClient.invalidateQueries({ queryKey })));
    isFirst = false;
  }
}

function apply(queryClient: QueryClient, id: string, message: JobStreamMessage): void {
  const refresh = (...names: (readonly string[])[]) => {
    for (const queryKey of names) queryClient.invalidateQueries({ queryKey }).catch(() => undefined);
  };
  switch (message.type) {
    case 'job':
      return void queryClient.setQueryData(keys.job(id), message.data);
    case 'event':
      refresh(keys.events(id), keys.attempts(id), keys.checkpoints(id));
      return;
    case 'log':
      return void queryClient.setQueryData<List<LogObject>>(keys.logs(id), (list) => list && appendLine(list, message.data));
    case 'metrics':
      queryClient.setQueryData<CurveObject>(keys.curve(id), (curve) => curve && appendMetrics(curve, message.data.data));
      // Long enough to be drawn together anew.
      if ((queryClient.getQueryData<CurveObject>(keys.curve(id))?.data.length ?? 0) > 3 * CURVE_POINTS) refresh(keys.curve(id));
      return;
    case 'done':
      queryClient.setQueryData(keys.job(id), message.data);
      refresh(keys.events(id), keys.attempts(id), keys.checkpoints(id), keys.curve(id), keys.jobs);
  }
}

function appendLine(list: List<LogObject>, line: LogObject): List<LogObject> {
  if (list.data.some(({ seq }) => seq === line.seq)) return list;
  return { ...list, data: [...list.data, line].slice(-4 * LOG_LINES) };
}
