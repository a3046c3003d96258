import { createHash } from 'node:crypto';
import { AppError, DamagedArtifactError } from '@capstan/core';
import type { Metadata } from '@grpc/grpc-js';
import type { ArtifactServiceClient, ReadResponse, WriteRequest, WriteResponse } from '../gen/lora/v1/artifact.ts';
import { fromStatus } from '../status.ts';
import { cutIntoChunks } from '../streams/chunks.ts';
import { readMessages } from '../streams/read-messages.ts';
import { withResolvers } from '../streams/with-resolvers.ts';
import { writeMessage } from '../streams/write-message.ts';
import { bindCall } from './bind-call.ts';
import { type ReconnectOptions, reconnectDelayMs } from './keep-connected.ts';

export interface ArtifactClientOptions extends ReconnectOptions {
  /** Asked anew for each call: the scheduler may be found elsewhere by then. */
  client: () => ArtifactServiceClient;
  metadata: Metadata;
}

/**
 * The content named `sha256`, from its first byte to its last. A read that breaks is resumed where it was, for as long as the
 * signal lives. Throws at the end if the bytes are not those that were asked for: use nothing before the end.
 */
export async function* readArtifact(sha256: string, options: ArtifactClientOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  let offset = 0;
  let failures = 0;
  for (let complete = false; !complete; ) {
    try {
      for await (const data of readFrom(sha256, offset, options)) {
        failures = 0;
        offset += data.byteLength;
        hash.update(data);
        yield data;
      }
      complete = true;
    } catch (error) {
      await waitToRetry(error, failures, options);
      failures += 1;
    }
  }
  if (hash.digest('hex') !== sha256)
    throw new DamagedArtifactError(`The artifact ${sha256} arrived with other content than its name says.`);
}

/**
 * Stores `content` and gives its address, checked against what was sent. Bytes are sent again if the connection breaks; a stream can
 * only be sent once and then throws an UnavailableError. Writing the same content twice is harmless.
 */
export async function writeArtifact(
  content: Uint8Array | AsyncIterable<Uint8Array>,
  options: ArtifactClientOptions,
): Promise<{ sha256: string; bytes: number }> {
  if (!(content instanceof Uint8Array)) return writeOnce(content, options);
  for (let failures = 0; ; failures += 1) {
    try {
      return await writeOnce([content], options);
    } catch (error) {
      await waitToRetry(error, failures, options);
    }
  }
}

async function* readFrom(sha256: string, offset: number, { client, metadata, signal }: ArtifactClientOptions) {
  signal.throwIfAborted();
  const call = client().read({ sha256, offset }, metadata);
  const messages = readMessages<ReadResponse>(call);
  bindCall(call, signal);
  try {
    for await (const { data } of messages) yield data;
  } finally {
    call.cancel();
  }
}

async function writeOnce(
  content: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  { client, metadata, signal }: ArtifactClientOptions,
): Promise<WriteResponse> {
  signal.throwIfAborted();
  const hash = createHash('sha256');
  const { promise, resolve, reject } = withResolvers<WriteResponse>();
  const call = client().write(metadata, (error, response) => (error ? reject(fromStatus(error)) : resolve(response)));
  const ended = bindCall(call, signal);
  call.on('error', () => {});
  const sending = (async () => {
    for await (const data of cutIntoChunks(content)) {
      hash.update(data);
      const value = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      await writeMessage<WriteRequest>(call, { part: { $case: 'data', value } }, ended);
    }
    await writeMessage<WriteRequest>(call, { part: { $case: 'end', value: {} } }, ended);
    call.end();
  })();
  sending.catch((error: unknown) => {
    reject(error);
    call.cancel();
  });
  const response = await promise.catch((error: unknown) => {
    throw signal.aborted ? signal.reason : error;
  });
  const sha256 = hash.digest('hex');
  if (response.sha256 !== sha256) throw new AppError('internal', `The artifact ${sha256} was stored as ${response.sha256}.`);
  return response;
}

async function waitToRetry(error: unknown, failures: number, { clock, random, signal, onRetry }: ArtifactClientOptions): Promise<void> {
  signal.throwIfAborted();
  if (!(error instanceof AppError) || error.code !== 'unavailable') throw error;
  onRetry?.(error);
  await clock.sleep(reconnectDelayMs(failures, random), { signal });
}
