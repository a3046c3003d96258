import {
  type CompareModelsRequestInput,
  type Deleted,
  deletedSchema,
  type List,
  listSchema,
  type ModelComparison,
  type ModelObject,
  modelComparisonSchema,
  modelObjectSchema,
} from '@capstan/core';
import { type RequestOptions, segment, type Transport } from './transport.ts';

export interface ModelsClient {
  retrieve(id: string, options?: RequestOptions): Promise<ModelObject>;
  list(options?: RequestOptions): Promise<List<ModelObject>>;
  delete(id: string, options?: RequestOptions): Promise<Deleted>;
  /** The same prompt to each model; one fine-tuned model is compared with its base. */
  compare(request: CompareModelsRequestInput, options?: RequestOptions): Promise<ModelComparison>;
}

const modelList = listSchema(modelObjectSchema);

export function modelsClient({ request }: Transport): ModelsClient {
  return {
    retrieve: (id, options) => request(modelObjectSchema, { method: 'GET', path: `/models/${segment(id)}`, ...options }),
    list: (options) => request(modelList, { method: 'GET', path: '/models', ...options }),
    delete: (id, options) => request(deletedSchema, { method: 'DELETE', path: `/models/${segment(id)}`, ...options }),
    compare: (json, options) => request(modelComparisonSchema, { method: 'POST', path: '/models/compare', json, ...options }),
  };
}
