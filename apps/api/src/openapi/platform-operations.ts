import { listSchema } from '@capstan/core';
import type { Operation } from './operation.ts';
import { schemas } from './schemas.ts';

const read = { method: 'get', role: 'viewer' } as const;
const write = { method: 'post', role: 'submitter' } as const;

export const inferenceOperations: Operation[] = [
  {
    ...write,
    path: '/chat/completions',
    id: 'createChatCompletion',
    tag: 'Inference',
    summary: 'Answer a conversation.',
    body: schemas.ChatCompletionRequest,
    answer: schemas.ChatCompletion,
  },
  {
    ...write,
    path: '/completions',
    id: 'createCompletion',
    tag: 'Inference',
    summary: 'Complete a prompt.',
    body: schemas.CompletionRequest,
    answer: schemas.Completion,
  },
  {
    ...read,
    path: '/models',
    id: 'listModels',
    tag: 'Models',
    summary: 'List base models and your fine-tuned ones.',
    answer: listSchema(schemas.Model),
  },
  {
    ...write,
    path: '/models/compare',
    id: 'compareModels',
    tag: 'Models',
    summary: 'Ask several models the same.',
    body: schemas.CompareModelsRequest,
    answer: schemas.ModelComparison,
  },
  { ...read, path: '/models/{model}', id: 'retrieveModel', tag: 'Models', summary: 'Retrieve a model.', answer: schemas.Model },
  {
    method: 'delete',
    role: 'submitter',
    path: '/models/{model}',
    id: 'deleteModel',
    tag: 'Models',
    summary: 'Delete a fine-tuned model.',
    answer: schemas.Deleted,
  },
];

export const operatorOperations: Operation[] = [
  { ...read, path: '/pools', id: 'listPools', tag: 'Pools', summary: 'List pools and what they run.', answer: listSchema(schemas.Pool) },
  { ...read, path: '/pools/{pool_id}', id: 'retrievePool', tag: 'Pools', summary: 'Retrieve a pool.', answer: schemas.Pool },
  {
    method: 'patch',
    role: 'operator',
    path: '/pools/{pool_id}',
    id: 'updatePool',
    tag: 'Pools',
    summary: 'Scale, pause or price a pool.',
    body: schemas.UpdatePoolRequest,
    answer: schemas.Pool,
  },
  {
    method: 'post',
    role: 'admin',
    path: '/api_keys',
    id: 'createApiKey',
    tag: 'API keys',
    summary: 'Make a key; it is shown once.',
    body: schemas.CreateApiKeyRequest,
    answer: schemas.ApiKey,
    status: 201,
  },
  {
    method: 'get',
    role: 'admin',
    path: '/api_keys',
    id: 'listApiKeys',
    tag: 'API keys',
    summary: 'List the keys of your project.',
    answer: listSchema(schemas.ApiKey),
  },
  {
    method: 'delete',
    role: 'admin',
    path: '/api_keys/{key_id}',
    id: 'deleteApiKey',
    tag: 'API keys',
    summary: 'Revoke a key.',
    answer: schemas.Deleted,
  },
];
