/** The few well-formed requests with which a world is built. Throws with the server's words where one fails. */
export interface Rest {
  get<Answer>(path: string): Promise<Answer>;
  post<Answer>(path: string, body: object): Promise<Answer>;
  delete(path: string): Promise<void>;
  upload(filename: string, content: string): Promise<string>;
}

export function connectRest(baseUrl: string, key: string): Rest {
  async function send<Answer>(method: string, path: string, body?: FormData | object): Promise<Answer> {
    const isJson = body !== undefined && !(body instanceof FormData);
    const headers = { authorization: `Bearer ${key}`, ...(isJson ? { 'content-type': 'application/json' } : {}) };
    const response = await fetch(`${baseUrl}${path}`, { method, headers, body: isJson ? JSON.stringify(body) : (body ?? null) });
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Answer;
  }
  return {
    get: (path) => send('GET', path),
    post: (path, body) => send('POST', path, body),
    delete: async (path) => void (await send('DELETE', path)),
    async upload(filename, content) {
      const body = new FormData();
      body.set('purpose', 'fine-tune');
      body.set('file', new File([content], filename));
      return (await send<{ id: string }>('POST', '/files', body)).id;
    },
  };
}
