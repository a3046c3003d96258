export type { JobSpecChanges } from './builders.ts';
export { makeEstimate, makeJob, makeJobSpec, makePool, makeStepReport } from './builders.ts';
export { FakeClock } from './fake-clock.ts';
export type { NetworkLine } from './network-line.ts';
export { openNetworkLine } from './network-line.ts';
export type { TestCluster } from './test-cluster.ts';
export { testCluster } from './test-cluster.ts';
export type { TestDatabase, TestRedis } from './test-services.ts';
export { createTestDatabase, createTestRedis, hasTestRedis } from './test-services.ts';
