import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** The messages of an event stream as they arrive. Ends where the response ends; leaving the loop closes the connection. */
export async function* serverSentEvents(response: Response): AsyncGenerator<EventSourceMessage | 'heartbeat'> {
  if (!response.body) return;
  const arrived: (EventSourceMessage | 'heartbeat')[] = [];
  const parser = createParser({ onEvent: (message) => arrived.push(message), onComment: () => arrived.push('heartbeat') });
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* arrived.splice(0);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
