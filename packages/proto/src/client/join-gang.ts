import { UnavailableError } from '@capstan/core';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { required } from '../convert/required.ts';
import type { ReduceRequest, ReduceResponse } from '../gen/lora/v1/reduce.ts';
import { readMessages } from '../streams/read-messages.ts';
import { createVectorReader, toPieces } from '../streams/vector-pieces.ts';
import { writeMessage } from '../streams/write-message.ts';
import { bindCall } from './bind-call.ts';

/** A rank's place among those that sum vectors together. */
export interface GangMembership {
  /**
   * The sum of this round's vectors over all ranks, the same bits for each. Waits for the slowest. Rejects when a rank has left (its
   * `reason` is RANK_LEFT) or the connection broke: the gang is over then, and does not come back in this attempt.
   */
  sum(vector: Float32Array): Promise<Float32Array>;
  leave(): void;
}

/** Joins the gang of the caller's attempt over `call`. */
export function joinGang(
  call: ClientDuplexStream<ReduceRequest, ReduceResponse>,
  { rank, worldSize, signal }: { rank: number; worldSize: number; signal: AbortSignal },
): GangMembership {
  const messages = readMessages<ReduceResponse>(call)[Symbol.asyncIterator]();
  const ended = bindCall(call, signal);
  const joined = writeMessage<ReduceRequest>(call, { message: { $case: 'hello', value: { rank, worldSize } } }, ended);
  joined.catch(() => {});
  const read = createVectorReader();

  async function receive(): Promise<Float32Array> {
    for (;;) {
      const next = await messages.next();
      if (next.done) throw new UnavailableError('The gang is over.');
      const sum = read(required(next.value.piece, 'piece'));
      if (sum) return sum;
    }
  }

  async function send(vector: Float32Array): Promise<void> {
    await joined;
    for await (const value of toPieces(vector)) await writeMessage<ReduceRequest>(call, { message: { $case: 'piece', value } }, ended);
  }

  return {
    async sum(vector) {
      // Together: a broken gang shows on the way in, and says why.
      const sending = send(vector);
      sending.catch(() => {});
      try {
        return await receive();
      } catch (error) {
        throw signal.aborted ? signal.reason : error;
      }
    },
    leave: () => call.cancel(),
  };
}
