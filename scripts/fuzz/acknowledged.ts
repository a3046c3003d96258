import { SessionResponse } from '../../packages/proto/src/gen/lora/v1/worker.ts';

/** The highest report number that the answer to a session acknowledges; 0 where there is none. */
export function decodeAcknowledged(data: Buffer): number {
  let highest = 0;
  for (let at = 0; at + 5 <= data.length; ) {
    const length = data.readUInt32BE(at + 1);
    highest = Math.max(highest, acknowledgedBy(data.subarray(at + 5, at + 5 + length)));
    at += 5 + length;
  }
  return highest;
}

/** Other calls answer with other messages, which may be anything when they are read as this one. */
function acknowledgedBy(message: Buffer): number {
  try {
    const { message: body } = SessionResponse.decode(message);
    return body?.$case === 'acknowledgement' ? body.value.sequence : 0;
  } catch {
    return 0;
  }
}
