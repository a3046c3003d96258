import { connect } from 'node:net';

export interface RawAnswer {
  bytes: Buffer;
  /** How the conversation ended: by the server, by our patience, or by a broken connection. */
  end: 'closed' | 'left' | 'reset';
}

/** Writes bytes to a port as they are, and reads what comes back until the server closes, or for `leaveAfterMs`. */
export function sendRaw(port: number, pieces: readonly Buffer[], { leaveAfterMs }: { leaveAfterMs: number }): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: '127.0.0.1', port });
    const end = (how: RawAnswer['end']) => {
      clearTimeout(leave);
      socket.destroy();
      resolve({ bytes: Buffer.concat(chunks), end: how });
    };
    const leave = setTimeout(() => end('left'), leaveAfterMs);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => end('closed'));
    socket.on('error', () => end('reset'));
    for (const piece of pieces) socket.write(piece);
  });
}
