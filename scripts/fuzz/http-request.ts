/** One request as it goes on the wire. */
export interface HttpRequest {
  /** What the summary counts it under. */
  route: string;
  kind: string;
  method: string;
  /** Path and query, percent-encoded as they are sent. */
  target: string;
  headers: Record<string, string>;
  body: Buffer | null;
  /** Sent with `Transfer-Encoding: chunked` in place of a length. */
  isChunked: boolean;
  /** How long the client waits for the head of an answer. */
  patienceMs: number;
  /** How long it reads after that: streams do not end by themselves. */
  readMs: number;
}

export interface HttpAnswer {
  status: number;
  headers: string;
  contentType: string;
  body: Buffer;
  /** The client left before the end. */
  isCut: boolean;
}

/** A line that is enough to understand the request; `--only` repeats it. */
export function describeRequest({ method, target, headers, body }: HttpRequest): string {
  const shown = Object.entries(headers).map(
    ([name, value]) => `${name}: ${clip(name === 'authorization' ? `${value.slice(0, 20)}…` : value, 60)}`,
  );
  const content = body === null ? '' : ` body(${body.length})=${clip(JSON.stringify(body.subarray(0, 400).toString('latin1')), 400)}`;
  return `${method} ${clip(target, 200)} [${shown.join(', ')}]${content}`;
}

function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
