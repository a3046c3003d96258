import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { RequestHandler, Response } from 'express';

/** A file of the folder itself, of a kind that gzip makes smaller. */
const SQUEEZABLE = /^\/assets\/([\w-][\w.-]*\.(?:js|css))$/;
const SMALLEST = { level: 9 };

/**
 * Scripts and styles gzipped, each once and then from memory: their names change with their content, so there are as many as were built.
 * Whatever else is asked for, or by whom gzip is not understood, is left to the next handler.
 */
export function squeezedAssets(folder: string, setHeaders: (response: Response, path: string) => void): RequestHandler {
  const squeezed = new Map<string, Buffer>();
  async function squeeze(name: string): Promise<Buffer | null> {
    const known = squeezed.get(name);
    if (known !== undefined) return known;
    const content = await readFile(join(folder, 'assets', name)).catch(() => null);
    if (content === null) return null;
    const smaller = await promisify(gzip)(content, SMALLEST);
    squeezed.set(name, smaller);
    return smaller;
  }
  return async (request, response, next) => {
    const name = SQUEEZABLE.exec(request.path)?.[1];
    if (name === undefined || request.method !== 'GET' || request.acceptsEncodings('gzip') === false) return next();
    const content = await squeeze(name);
    if (content === null) return next();
    setHeaders(response, request.path);
    response.setHeader('content-encoding', 'gzip');
    response.setHeader('vary', 'accept-encoding');
    response.type(name.endsWith('.css') ? 'css' : 'js').send(content);
  };
}
