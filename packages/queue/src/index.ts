export type { QueueConnection, QueueOptions } from './create-queue.ts';
export { createQueue } from './create-queue.ts';
export type { EntryAddress, EntryState, JobQueue, ListOptions, NewQueueEntry, QueueEntry, TakenEntry } from './job-queue.ts';
export type { QueueBoard } from './queue-board.ts';
export { createQueueBoard } from './queue-board.ts';
