import {
  InvalidRequestError,
  type NumberedReport,
  PermissionDeniedError,
  type RankAssignment,
  type RankIdentity,
  type WorkerCommand,
} from '@capstan/core';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { commandToProto } from '../convert/command.ts';
import { jsonToProto } from '../convert/json.ts';
import { reportFromProto } from '../convert/report.ts';
import { required } from '../convert/required.ts';
import type { SessionRequest, SessionResponse } from '../gen/lora/v1/worker.ts';
import { readMessages } from '../streams/read-messages.ts';
import type { OpenCall, OpenCalls } from './open-calls.ts';
import { type Authenticate, authenticateCall } from './principal.ts';

/** The scheduler's end of a rank's conversation. */
export interface WorkerSession {
  identity: RankIdentity;
  /** What the rank sends, in order; an empty batch is a heartbeat, and every batch is a sign of life. Ends when the rank has gone. */
  batches: AsyncIterable<{ reports: NumberedReport[] }>;
  /** First of all, at every session: a rank that reconnects ignores it. */
  sendAssignment(assignment: RankAssignment): void;
  /** Every report up to `sequence` is committed; the rank forgets them. */
  ack(sequence: number): void;
  command(command: WorkerCommand): void;
  /** Ends the session with this error. A StaleEpochError makes the rank stop for good, an UnavailableError makes it come back. */
  refuse(error: unknown): void;
  /** Aborts when the session is over. */
  signal: AbortSignal;
  /** Resolves when the session is over, whatever the way. */
  closed: Promise<void>;
}

type SessionCall = ServerDuplexStream<SessionRequest, SessionResponse>;

export interface WorkerServiceOptions {
  calls: OpenCalls;
  authenticate: Authenticate;
  /** The session lives until this settles: a rejection refuses it with that error. */
  onWorkerSession: (session: WorkerSession) => Promise<void>;
}

/** WorkerService: authenticates, checks who speaks in every message and hands the session over. */
export function workerService({ calls, authenticate, onWorkerSession }: WorkerServiceOptions) {
  const serve = async (call: SessionCall, open: OpenCall) => {
    const messages = readMessages<SessionRequest>(call, open.signal)[Symbol.asyncIterator]();
    const { identity: attempt } = await authenticateCall(call.metadata, authenticate, ['rank']);
    const first = await messages.next();
    if (first.done) return;
    const identity = { ...attempt, rank: required(first.value.identity, 'identity').rank };
    checkSpeaker(first.value, identity);
    if (first.value.message?.$case !== 'hello') throw new InvalidRequestError('A session begins with hello.');
    await onWorkerSession(makeSession({ call, open, identity, messages }));
  };
  return {
    session(call: SessionCall): void {
      const open = calls.add(call);
      serve(call, open).then(() => {
        open.finish();
        call.end();
      }, open.fail);
    },
  };
}

interface SessionParts {
  call: SessionCall;
  open: OpenCall;
  identity: RankIdentity;
  messages: AsyncIterable<SessionRequest>;
}

function makeSession({ call, open, identity, messages }: SessionParts): WorkerSession {
  const send = (message: NonNullable<SessionResponse['message']>) => {
    if (!open.signal.aborted) call.write({ message });
  };
  return {
    identity,
    batches: readBatches(messages, identity, open),
    sendAssignment: (assignment) => send({ $case: 'assignment', value: jsonToProto(assignment) }),
    ack: (sequence) => send({ $case: 'acknowledgement', value: { sequence } }),
    command: (command) => send({ $case: 'command', value: commandToProto(command) }),
    refuse: open.fail,
    signal: open.signal,
    closed: new Promise((resolve) => open.signal.addEventListener('abort', () => resolve(), { once: true })),
  };
}

async function* readBatches(messages: AsyncIterable<SessionRequest>, identity: RankIdentity, open: OpenCall) {
  try {
    for await (const request of messages) {
      if (open.signal.aborted) return;
      checkSpeaker(request, identity);
      const { message } = request;
      yield { reports: message?.$case === 'batch' ? message.value.records.map(reportFromProto) : [] };
    }
  } catch (error) {
    // A connection that broke is the everyday end of a session, not a fault of the consumer.
    if (!open.signal.aborted) throw error;
  }
}

function checkSpeaker(request: SessionRequest, expected: RankIdentity): void {
  const { jobId, attempt, epoch, rank } = required(request.identity, 'identity');
  if (jobId === expected.jobId && attempt === expected.attempt && epoch === expected.epoch && rank === expected.rank) return;
  throw new PermissionDeniedError(`The token is not for rank ${rank} of ${jobId}, attempt ${attempt}, epoch ${epoch}.`);
}
