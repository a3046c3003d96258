import { connect } from 'node:net';
import { percentile } from '../bench-services.ts';

export interface LoadTarget {
  port: number;
  path: string;
  headers: Record<string, string>;
  body: string;
}

export interface LoadResult {
  requests: number;
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Answers other than 201. */
  failures: number;
}

/**
 * POSTs the same body over kept-alive connections, one request at a time on each. It speaks HTTP by itself, because on a small machine a full
 * client costs as much as the server that it measures.
 */
export async function putLoad(target: LoadTarget, { connections, seconds }: { connections: number; seconds: number }): Promise<LoadResult> {
  const request = toBytes(target);
  const startedAt = performance.now();
  const endsAt = startedAt + seconds * 1000;
  const durations: number[] = [];
  let failures = 0;
  const onAnswer = (durationMs: number, status: number) => {
    durations.push(durationMs);
    if (status !== 201) failures += 1;
  };
  await Promise.all(Array.from({ length: connections }, () => runConnection(target.port, request, endsAt, onAnswer)));
  const elapsedSeconds = (performance.now() - startedAt) / 1000;
  return {
    requests: durations.length,
    requestsPerSecond: durations.length / elapsedSeconds,
    p50Ms: percentile(durations, 0.5),
    p99Ms: percentile(durations, 0.99),
    failures,
  };
}

function toBytes({ path, headers, body }: LoadTarget): Buffer {
  const all = { host: '127.0.0.1', 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}

function runConnection(
  port: number,
  request: Buffer,
  endsAt: number,
  onAnswer: (durationMs: number, status: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    let sentAt = 0;
    let received = '';
    const send = () => {
      sentAt = performance.now();
      received = '';
      socket.write(request);
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      const status = wholeAnswer(received);
      if (status === null) return;
      onAnswer(performance.now() - sentAt, status);
      if (performance.now() < endsAt) send();
      else socket.end();
    });
  });
}

/** The status of an answer that is there to its last byte; both servers say the length. */
function wholeAnswer(received: string): number | null {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
  return received.length >= headEnd + 4 + length ? Number(received.slice(9, 12)) : null;
}
