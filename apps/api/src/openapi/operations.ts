import type { Operation } from './operation.ts';
import { inferenceOperations, operatorOperations } from './platform-operations.ts';
import { fileOperations, jobOperations } from './training-operations.ts';

/** Everything that the API does, in the order in which people look for it. */
export const operations: readonly Operation[] = [...fileOperations, ...jobOperations, ...inferenceOperations, ...operatorOperations];
