export { findFreePort } from './find-free-port.ts';
export type { EmbeddedPostgresOptions, EmbeddedService } from './start-embedded-postgres.ts';
export { startEmbeddedPostgres } from './start-embedded-postgres.ts';
export type { EmbeddedRedisOptions } from './start-embedded-redis.ts';
export { startEmbeddedRedis } from './start-embedded-redis.ts';
