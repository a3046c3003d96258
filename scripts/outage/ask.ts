import type { Platform } from '../../apps/cli/src/platform/index.ts';

export interface Answer {
  /** 0: nobody answered. */
  status: number;
  retryAfter: string | null;
  body: string;
}

const ANSWER_MS = 15_000;

/** Asks the API once, without the patience that clients have. */
export async function ask(platform: Platform, path: string, json?: unknown): Promise<Answer> {
  const headers = { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' };
  const request = json === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(json) };
  try {
    const response = await fetch(new URL(path, platform.baseUrl), { ...request, signal: AbortSignal.timeout(ANSWER_MS) });
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body: await response.text() };
  } catch (error) {
    return { status: 0, retryAfter: null, body: String(error) };
  }
}
