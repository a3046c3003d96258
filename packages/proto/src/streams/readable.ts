import { InvalidRequestError } from '@capstan/core';

/** Stands in the place of a message whose bytes are no message of that kind. */
export class UnreadableMessage {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** The message, unless its bytes could not be read: then an InvalidRequestError. */
export function readable<Message>(message: Message): Message {
  if (!(message instanceof UnreadableMessage)) return message;
  throw new InvalidRequestError('The message cannot be read: its bytes are no message of this kind.', { cause: message.cause });
}
