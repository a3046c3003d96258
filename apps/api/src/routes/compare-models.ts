import { type CompareModelsRequest, compareModelsRequestSchema, type GenerateRequest } from '@capstan/core';
import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';
import { clientSignal } from '../http/client-signal.ts';
import { endpoint } from '../http/endpoint.ts';
import { readJsonBody } from '../http/read-json-body.ts';
import { resource } from '../http/resource.ts';
import { validate } from '../http/validate.ts';
import { buildGenerateRequest } from '../inference/build-generate-request.ts';
import { collectAnswer } from '../inference/collect-answer.ts';
import { findModel } from './models.ts';

/** The same question to several models, one after the other, so that their speeds can be compared. */
export function compareModelRoutes(router: Router, context: ApiContext): void {
  const post = endpoint(context.authenticate, 'submitter', async ({ request, response, caller }) => {
    const { value } = await readJsonBody(request, context.settings.maxJsonBytes);
    const body = validate(compareModelsRequestSchema, value);
    const models = await modelsOf(context, caller.projectId, body.models);
    const questions = models.map(({ id }) => ({ model: id, input: inputOf(body), sampling: body }));
    const requests = await Promise.all(questions.map((question) => buildGenerateRequest(context, caller.projectId, question)));
    const signal = clientSignal(response, context.shutdown);
    const data: object[] = [];
    for (const [index, generate] of requests.entries()) {
      const { text, finishReason, usage, tokensPerSecond } = await collectAnswer(context.inference.generate(generate, { signal }));
      const kind = models[index]?.kind;
      data.push({ model: generate.modelId, kind, output: text, finish_reason: finishReason, usage, tokens_per_second: tokensPerSecond });
    }
    response.json({ object: 'model.comparison', data });
  });
  resource(router, '/v1/models/compare', { post });
}

async function modelsOf(context: ApiContext, projectId: string, ids: readonly string[]) {
  const models = await Promise.all(ids.map((id) => findModel(context, projectId, id)));
  const [only] = models;
  if (models.length > 1 || !only?.base) return models;
  return [await findModel(context, projectId, only.base), only];
}

function inputOf({ prompt, messages }: CompareModelsRequest): GenerateRequest['input'] {
  return messages ? { messages } : { prompt: prompt ?? '' };
}
