export type { PulledModel, PullOptions, PullProgress } from './pull-model.ts';
export { DEFAULT_ENDPOINT, pullModel } from './pull-model.ts';
