import { type NumberedReport, type RankIdentity, StaleEpochError, type WorkerReport } from '@capstan/core';
import type { WorkerSession } from '@capstan/proto';
import { serveRank } from '../../sessions/serve-rank.ts';
import type { ModelRank } from './model-launcher.ts';
import type { ModelScheduler, ModelWorld } from './model-world.ts';

/** What a rank keeps of its reports, as an outbox does. */
export interface RankMemory {
  lastSequence: number;
  /** The log lines of all reports so far. */
  sent: { sequence: number; message: string }[];
  unacknowledged: NumberedReport[];
  acknowledged: number;
}

export type Said = 'acknowledged' | 'stale';

const TERMINAL: readonly string[] = ['succeeded', 'stopped', 'failed'];

export interface Speech {
  scheduler: ModelScheduler;
  reports: WorkerReport[];
  /** What the scheduler acknowledges never arrives. */
  losesAnswers?: boolean;
  /** The session opens now, and its reports arrive when the world's stalled things go on. */
  stalls?: boolean;
}

/**
 * The rank holds one session with the scheduler and sends all that is not acknowledged, then `reports`. Throws if a report was taken of
 * an epoch that was over before it arrived: that is what fencing must never let happen.
 */
export async function speak(world: ModelWorld, rank: ModelRank, { scheduler, reports, losesAnswers, stalls }: Speech): Promise<Said> {
  const memory = memoryOf(world, rank);
  for (const report of reports) add(memory, report);
  const sent = [...memory.unacknowledged];
  const line = openLine(rank, sent);
  if (stalls) line.open(scheduler);
  const deliver = async (): Promise<Said> => {
    const before = await world.db.jobs.get(rank.jobId);
    const { said, highest } = await line.deliver(scheduler);
    const taken = sent.filter(({ sequence }) => sequence <= highest && sequence > memory.acknowledged);
    if (before?.epoch !== rank.epoch && taken.some(({ report }) => !TERMINAL.includes(report.type)))
      throw new Error(`Epoch ${rank.epoch} of ${rank.jobId} was over (${before?.epoch}), and its reports were taken.`);
    if (!losesAnswers) acknowledge(memory, highest);
    return said;
  };
  if (!stalls) return deliver();
  world.stalled.push(deliver);
  return 'acknowledged';
}

/** One session with one batch in it, which arrives when it is delivered. */
function openLine(rank: ModelRank, reports: NumberedReport[]) {
  let arrive: () => void = () => undefined;
  const arrival = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  let highest = 0;
  let conversation: Promise<void> | null = null;
  const open = ({ context, parts }: ModelScheduler): void => {
    const ack = (sequence: number) => {
      highest = Math.max(highest, sequence);
    };
    conversation = serveRank(makeSession(rank, { reports, arrival, ack }), context, parts).then(() => parts.heartbeats.flush());
    // Looked at when the batch is delivered.
    conversation.catch(() => undefined);
  };
  return {
    open,
    async deliver(scheduler: ModelScheduler): Promise<{ said: Said; highest: number }> {
      if (conversation === null) open(scheduler);
      arrive();
      try {
        await conversation;
        return { said: 'acknowledged', highest };
      } catch (error) {
        if (error instanceof StaleEpochError) return { said: 'stale', highest };
        throw error;
      }
    },
  };
}

export function memoryOf({ memories }: ModelWorld, { name, rank }: ModelRank): RankMemory {
  const key = `${name}/${rank}`;
  const memory = memories.get(key) ?? { lastSequence: 0, sent: [], unacknowledged: [], acknowledged: 0 };
  memories.set(key, memory);
  return memory;
}

/** Log lines carry their number, so that each can be found again. */
function add(memory: RankMemory, report: WorkerReport): void {
  memory.lastSequence += 1;
  const sequence = memory.lastSequence;
  const message = `line ${sequence}`;
  if (report.type === 'log') memory.sent.push({ sequence, message });
  memory.unacknowledged.push({ sequence, report: report.type === 'log' ? { ...report, message } : report });
}

function acknowledge(memory: RankMemory, sequence: number): void {
  memory.acknowledged = Math.max(memory.acknowledged, sequence);
  memory.unacknowledged = memory.unacknowledged.filter((report) => report.sequence > memory.acknowledged);
}

interface SessionContent {
  reports: NumberedReport[];
  arrival: Promise<void>;
  ack: (sequence: number) => void;
}

/** A session as the gRPC server hands it over. */
function makeSession({ jobId, attempt, epoch, rank }: RankIdentity, { reports, arrival, ack }: SessionContent): WorkerSession {
  const { signal } = new AbortController();
  const batches = async function* () {
    await arrival;
    yield { reports };
  };
  return {
    ...{ identity: { jobId, attempt, epoch, rank }, batches: batches(), ack, signal, closed: new Promise<void>(() => {}) },
    ...{ sendAssignment: () => undefined, command: () => undefined, refuse: () => undefined },
  };
}
