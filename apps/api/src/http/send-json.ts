import type { ServerResponse } from 'node:http';

/** Express' `json` without what nobody asked for here: ETags, freshness, charsets of other types. */
export function sendJson(response: ServerResponse, body: object, status = 200): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
