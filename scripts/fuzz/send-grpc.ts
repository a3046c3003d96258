import { type ClientHttp2Session, connect, constants } from 'node:http2';

/** A call as bytes: what is sent need not be a call at all. */
export interface GrpcCall {
  kind: string;
  path: string;
  headers: Record<string, string>;
  /** Framed messages, or whatever else stands in their place. */
  data: Buffer;
  /** Statuses that it must end with; without them any named one will do. */
  expected?: number[];
  leaveAfterMs: number;
}

export interface GrpcAnswer {
  httpStatus: number | null;
  /** Null: the stream ended without one. */
  status: number | null;
  message: string;
  data: Buffer;
  isCut: boolean;
}

export interface GrpcSender {
  send(call: GrpcCall): Promise<GrpcAnswer>;
  close(): void;
}

/** Several oversize messages wait here at once; Node would reset unrelated streams of a connection that holds more than 10 MB. */
const CLIENT_MEMORY_MB = 1_000;

/** Calls over one HTTP/2 connection, opened again whenever the server has ended it. */
export function createGrpcSender(port: number): GrpcSender {
  let session: ClientHttp2Session | null = null;
  const open = (): ClientHttp2Session => {
    if (session !== null && !session.closed && !session.destroyed) return session;
    const opened = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: CLIENT_MEMORY_MB });
    opened.on('error', () => opened.destroy());
    opened.on('goaway', () => opened.close());
    session = opened;
    return opened;
  };
  return { send: (call) => send(open(), call), close: () => session?.destroy() };
}

function send(session: ClientHttp2Session, { path, headers, data, leaveAfterMs }: GrpcCall): Promise<GrpcAnswer> {
  return new Promise((resolve) => {
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers });
    const answer: GrpcAnswer = { httpStatus: null, status: null, message: '', data: Buffer.alloc(0), isCut: false };
    const chunks: Buffer[] = [];
    const leave = setTimeout(() => {
      answer.isCut = true;
      stream.close(constants.NGHTTP2_CANCEL);
    }, leaveAfterMs);
    const read = (fields: Record<string, unknown>) => {
      if (fields['grpc-status'] === undefined) return;
      answer.status = Number(fields['grpc-status']);
      answer.message = decodeURIComponent([fields['grpc-message']].flat().join(''));
    };
    stream.on('response', (fields) => {
      answer.httpStatus = Number(fields[':status']);
      read(fields);
    });
    stream.on('trailers', read);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A reset shows as an answer without a status; the judge has a word for that.
    stream.on('error', (error) => {
      if (answer.status === null) answer.message = `${error.message}, reset code ${stream.rstCode}`;
    });
    stream.on('close', () => {
      clearTimeout(leave);
      resolve({ ...answer, data: Buffer.concat(chunks) });
    });
    stream.end(data);
  });
}

/** One message as gRPC frames it. */
export function frame(message: Uint8Array, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(flag, 0);
  head.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([head, message]);
}
