import type { Clock } from '@capstan/core';
import type { ServingRequest } from '@capstan/proto';
import type { Logger } from '@capstan/runtime';
import { answerRequest } from './answer-request.ts';
import type { ModelStore } from './model-store.ts';

export interface ServeContext {
  store: ModelStore;
  clock: Clock;
  random: () => number;
  logger: Logger;
}

/** Answers requests one after the other, in the order in which they came, until they end. One that fails harms no other. */
export async function serveRequests(requests: AsyncIterable<ServingRequest>, context: ServeContext): Promise<void> {
  for await (const asked of requests) {
    if (!asked.signal.aborted) await answer(asked, context);
  }
}

async function answer({ request, signal, send, fail }: ServingRequest, { store, clock, random, logger }: ServeContext): Promise<void> {
  const facts = { requestId: request.requestId, modelId: request.modelId };
  try {
    const loaded = await store.open(request.baseModel, request.adapter, { signal });
    for await (const chunk of answerRequest(request, loaded, { clock, random, signal })) {
      await send(chunk);
      if (chunk.type === 'done') logger.info({ ...facts, ...chunk }, 'request answered');
    }
  } catch (error) {
    if (signal.aborted) {
      logger.info(facts, 'request cancelled');
      return;
    }
    logger.warn({ ...facts, err: error }, 'request failed');
    // The connection may have gone in the meantime; then nobody waits for the error.
    await fail(error).catch((lost: unknown) => logger.info({ ...facts, err: lost }, 'failure could not be told'));
  }
}
