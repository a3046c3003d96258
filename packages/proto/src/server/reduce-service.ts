import { InvalidRequestError } from '@capstan/core';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { ReduceRequest, ReduceResponse } from '../gen/lora/v1/reduce.ts';
import { readMessages } from '../streams/read-messages.ts';
import { createVectorReader, toPieces } from '../streams/vector-pieces.ts';
import { writeMessage } from '../streams/write-message.ts';
import { Gang } from './gang.ts';
import type { OpenCall, OpenCalls } from './open-calls.ts';
import { type Authenticate, authenticateCall } from './principal.ts';

type ReduceCall = ServerDuplexStream<ReduceRequest, ReduceResponse>;

/** ReduceService: one gang per attempt, for as long as it has members. Needs nothing of the scheduler but its tokens. */
export function reduceService({ calls, authenticate }: { calls: OpenCalls; authenticate: Authenticate }) {
  const gangs = new Map<string, Gang>();

  const serve = async (call: ReduceCall, open: OpenCall) => {
    const messages = readMessages<ReduceRequest>(call, open.signal)[Symbol.asyncIterator]();
    const { identity } = await authenticateCall(call.metadata, authenticate, ['rank']);
    const first = await messages.next();
    if (first.done || first.value.message?.$case !== 'hello') throw new InvalidRequestError('Reducing begins with hello.');
    const { rank, worldSize } = first.value.message.value;
    const key = `${identity.jobId}.${identity.attempt}.${identity.epoch}`;
    const gang = gangs.get(key) ?? new Gang(worldSize);
    gang.join({ rank, deliver: (sum) => void sendVector(call, sum, open).catch(open.fail), dismiss: open.fail }, worldSize);
    gangs.set(key, gang);
    try {
      await receiveVectors(messages, (vector) => gang.give(rank, vector));
    } finally {
      if (gangs.get(key) === gang) gangs.delete(key);
      gang.leave(rank);
    }
  };

  return {
    reduce(call: ReduceCall): void {
      const open = calls.add(call);
      serve(call, open).then(() => {
        open.finish();
        call.end();
      }, open.fail);
    },
  };
}

async function receiveVectors(messages: AsyncIterable<ReduceRequest>, give: (vector: Float32Array) => void): Promise<void> {
  const read = createVectorReader();
  for await (const { message } of messages) {
    if (message?.$case !== 'piece') throw new InvalidRequestError('After hello come vectors.');
    const vector = read(message.value);
    if (vector) give(vector);
  }
}

async function sendVector(call: ReduceCall, vector: Float32Array, { signal }: OpenCall): Promise<void> {
  for await (const piece of toPieces(vector)) await writeMessage<ReduceResponse>(call, { piece }, signal);
}
