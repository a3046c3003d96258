import type { Verdict } from './judge-http.ts';
import type { GrpcAnswer, GrpcCall } from './send-grpc.ts';

const OK = 0;
const UNIMPLEMENTED = 12;
const UNKNOWN = 2;
const INTERNAL = 13;
const DATA_LOSS = 15;

/** What the gRPC library itself says of broken frames, below anything of ours, in the words of the gRPC specification. */
const BROKEN_FRAMES = /^(Failed to decompress message|Invalid grpc-timeout value)/;

/** Whether the call ended with a status that has a name and a reason, the wanted one where only one is right. */
export function judgeGrpc({ expected }: GrpcCall, answer: GrpcAnswer, canary: string): Verdict {
  const { status, message, httpStatus } = answer;
  const failed = (problem: string): Verdict => ({ result: 'failed', problem: `${problem}: status ${status}, "${message.slice(0, 300)}"` });
  if (`${message}${answer.data.toString('latin1')}`.includes(canary)) return failed('shows something of another project');
  if (status === null && httpStatus !== null && httpStatus >= 400 && httpStatus < 500) return { result: 'refused' };
  if (status === null) return answer.isCut ? (expected ? failed('is not refused') : { result: 'left' }) : failed('ends without a status');
  if ([UNKNOWN, INTERNAL, DATA_LOSS].includes(status) && !BROKEN_FRAMES.test(message)) return failed('is a fault of the server');
  if (expected && !expected.includes(status)) return failed(`should end with ${expected.join(' or ')}`);
  if (status === OK) return { result: 'answered' };
  if (message === '') return failed('is refused without a word');
  return { result: status === UNIMPLEMENTED ? 'unsupported' : 'refused' };
}
