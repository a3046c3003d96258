import type { MethodDefinition } from '@grpc/grpc-js';
import { UnreadableMessage } from '../streams/readable.ts';

// biome-ignore lint/suspicious/noExplicitAny: gRPC's own definitions of methods of any type are written so.
type AnyMethods = Record<string, MethodDefinition<any, any>>;

/**
 * The service with parsers that never throw: gRPC answers a peer's broken message with INTERNAL, as if the fault were ours. Here it
 * arrives as an UnreadableMessage, which the handlers refuse like any other bad request.
 */
export function lenientService<Service extends AnyMethods>(service: Service): Service {
  const methods = Object.entries(service).map(([name, method]) => [
    name,
    { ...method, requestDeserialize: lenient(method.requestDeserialize) },
  ]);
  return Object.fromEntries(methods) as Service;
}

function lenient<Message>(parse: (bytes: Buffer) => Message) {
  return (bytes: Buffer): Message | UnreadableMessage => {
    try {
      return parse(bytes);
    } catch (error) {
      return new UnreadableMessage(error);
    }
  };
}
