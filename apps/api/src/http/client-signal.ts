import { CancelledError } from '@capstan/core';
import type { Response } from 'express';

/** Aborts when the client leaves before the answer is whole, or when `shutdown` does. */
export function clientSignal(response: Response, shutdown: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const left = () => controller.abort(new CancelledError('The client left.'));
  if (response.destroyed) left();
  else response.once('close', () => response.writableFinished || left());
  return AbortSignal.any([controller.signal, shutdown]);
}
