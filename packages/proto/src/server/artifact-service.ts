import { CancelledError, InvalidRequestError } from '@capstan/core';
import type { ServerReadableStream, ServerWritableStream, sendUnaryData } from '@grpc/grpc-js';
import { requireSha256 } from '../convert/require-sha256.ts';
import type { ReadRequest, ReadResponse, WriteRequest, WriteResponse } from '../gen/lora/v1/artifact.ts';
import { cutIntoChunks } from '../streams/chunks.ts';
import { readMessages } from '../streams/read-messages.ts';
import { readable } from '../streams/readable.ts';
import { writeMessage } from '../streams/write-message.ts';
import type { OpenCall, OpenCalls } from './open-calls.ts';
import { type Authenticate, authenticateCall, type Principal } from './principal.ts';

export interface ArtifactAccess {
  principal: Extract<Principal, { kind: 'rank' | 'server' }>;
  signal: AbortSignal;
}

/** What the server needs of an artifact store. Whether `principal` may have this content is decided here. */
export interface ArtifactHandlers {
  read(sha256: string, options: ArtifactAccess & { offset: number }): AsyncIterable<Uint8Array>;
  /** `content` throws if the writer goes away before its end: nothing must then be stored. */
  write(content: AsyncIterable<Uint8Array>, options: ArtifactAccess): Promise<{ sha256: string; bytes: number }>;
}

export interface ArtifactServiceOptions {
  calls: OpenCalls;
  authenticate: Authenticate;
  artifacts: ArtifactHandlers;
}

type ReadCall = ServerWritableStream<ReadRequest, ReadResponse>;
type WriteCall = ServerReadableStream<WriteRequest, WriteResponse>;

/** ArtifactService over a store, at the pace of the slower side. */
export function artifactService({ calls, authenticate, artifacts }: ArtifactServiceOptions) {
  const send = async (call: ReadCall, { signal }: OpenCall) => {
    const principal = await authenticateCall(call.metadata, authenticate, ['rank', 'server']);
    const { sha256, offset } = readable(call.request);
    requireSha256(sha256);
    if (offset < 0) throw new InvalidRequestError('An artifact is read from an offset of 0 or more.');
    for await (const data of cutIntoChunks(artifacts.read(sha256, { offset, principal, signal })))
      await writeMessage(call, { data }, signal);
  };
  const receive = async (call: WriteCall, { signal }: OpenCall): Promise<WriteResponse> => {
    const messages = readMessages<WriteRequest>(call, signal);
    const principal = await authenticateCall(call.metadata, authenticate, ['rank', 'server']);
    return artifacts.write(contentOf(messages), { principal, signal });
  };
  return {
    read(call: ReadCall): void {
      const open = calls.add(call);
      send(call, open).then(() => {
        open.finish();
        call.end();
      }, open.fail);
    },
    write(call: WriteCall, respond: sendUnaryData<WriteResponse>): void {
      const open = calls.add(call, (status) => respond(status));
      receive(call, open).then((response) => {
        open.finish();
        respond(null, response);
      }, open.fail);
    },
  };
}

async function* contentOf(messages: AsyncIterable<WriteRequest>): AsyncGenerator<Uint8Array> {
  for await (const { part } of messages) {
    if (part?.$case === 'end') return;
    if (part) yield part.value;
  }
  throw new CancelledError('The writer went away before the end of the content.');
}
