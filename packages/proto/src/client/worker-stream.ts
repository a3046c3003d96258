import { type Clock, type RankAssignment, type RankIdentity, rankAssignmentSchema, type WorkerCommand } from '@capstan/core';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { commandFromProto } from '../convert/command.ts';
import { jsonFromProto } from '../convert/json.ts';
import { required } from '../convert/required.ts';
import type { SessionRequest, SessionResponse } from '../gen/lora/v1/worker.ts';
import { readMessages } from '../streams/read-messages.ts';
import { writeMessage } from '../streams/write-message.ts';
import { bindCall } from './bind-call.ts';
import type { Outbox } from './outbox.ts';

/** Reports wait this long for company before a batch is sent; someone who waits for the flush waits no longer than a turn. */
const FLUSH_AFTER_MS = 100;

export interface WorkerStreamOptions {
  call: ClientDuplexStream<SessionRequest, SessionResponse>;
  identity: RankIdentity;
  outbox: Outbox;
  clock: Clock;
  signal: AbortSignal;
  onAssignment: (assignment: RankAssignment) => void;
  onCommand: (command: WorkerCommand) => void;
}

/**
 * One life of the session's stream: says hello, sends everything that is not acknowledged from its beginning, then whatever comes,
 * and a heartbeat at the assignment's interval. Rejects when the stream is over; by then no timer or listener is left.
 */
export async function runWorkerStream(options: WorkerStreamOptions): Promise<void> {
  const { call, outbox, onAssignment, onCommand, signal } = options;
  const messages = readMessages<SessionResponse>(call);
  const ended = bindCall(call, signal);
  const background: Promise<void>[] = [];
  // Whatever stops a sender ends the stream as well; when the call itself is over, its status was there first.
  const run = (sender: Promise<never>) => background.push(sender.catch((error: unknown) => messages.fail(error)));
  run(sendReports(options, ended));
  try {
    for await (const { message } of messages) {
      const { $case, value } = required(message, 'message');
      if ($case === 'acknowledgement') outbox.acknowledge(value.sequence);
      if ($case === 'command') onCommand(commandFromProto(value));
      if ($case !== 'assignment') continue;
      const assignment = jsonFromProto(value, rankAssignmentSchema);
      if (background.length === 1) run(sendHeartbeats(options, assignment.heartbeatIntervalMs, ended));
      onAssignment(assignment);
    }
  } finally {
    call.cancel();
    await Promise.all(background);
  }
}

async function sendReports({ call, identity, outbox, clock }: WorkerStreamOptions, ended: AbortSignal): Promise<never> {
  await writeMessage(call, { identity, message: { $case: 'hello', value: {} } }, ended);
  let sent = outbox.acknowledged;
  for (;;) {
    await outbox.until(() => outbox.countAfter(sent) > 0, ended);
    await waitForCompany(() => outbox.isUrgent || outbox.isBatchFull(sent), { outbox, clock, ended });
    const records = outbox.batchAfter(sent);
    sent = records.at(-1)?.sequence ?? sent;
    await writeMessage(call, { identity, message: { $case: 'batch', value: { records } } }, ended);
  }
}

async function waitForCompany(
  isEnough: () => boolean,
  { outbox, clock, ended }: { outbox: Outbox; clock: Clock; ended: AbortSignal },
): Promise<void> {
  const over = new AbortController();
  const either = AbortSignal.any([ended, over.signal]);
  const timer = clock.sleep(FLUSH_AFTER_MS, { signal: either });
  const enough = outbox.until(isEnough, either);
  try {
    await Promise.race([timer, enough]);
  } finally {
    over.abort();
    await Promise.allSettled([timer, enough]);
  }
}

async function sendHeartbeats({ call, identity, clock }: WorkerStreamOptions, intervalMs: number, ended: AbortSignal): Promise<never> {
  for (;;) {
    await clock.sleep(intervalMs, { signal: ended });
    await writeMessage(call, { identity, message: { $case: 'heartbeat', value: {} } }, ended);
  }
}
