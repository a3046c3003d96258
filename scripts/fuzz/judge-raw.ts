import { judgeHttp, type Verdict } from './judge-http.ts';
import type { RawAnswer } from './send-raw.ts';

/** The HTTP answers among the bytes are judged like any others; saying nothing and closing is an answer to what is no request. */
export function judgeRawHttp({ bytes, end }: RawAnswer, canary: string): Verdict {
  const text = bytes.toString('latin1');
  if (text.includes(canary)) return { result: 'failed', problem: `shows something of another project: ${text.slice(0, 300)}` };
  const answers = text.split(/(?=HTTP\/1\.1 \d{3})/).filter((answer) => answer.startsWith('HTTP/1.1 '));
  if (answers.length === 0) return { result: end === 'left' ? 'left' : 'refused' };
  let verdict: Verdict = { result: 'answered' };
  for (const answer of answers) {
    const [head = '', ...rest] = answer.split('\r\n\r\n');
    const status = Number(head.slice(9, 12));
    if (status === 100) continue;
    const contentType = /^content-type: (.*)$/im.exec(head)?.[1] ?? '';
    const body = Buffer.from(unchunk(rest.join('\r\n\r\n'), head), 'latin1');
    verdict = judgeHttp(
      { status, headers: head, contentType, body, isCut: end === 'left' },
      { canary, mayLackCapacity: false, isHead: false },
    );
    if (verdict.result === 'failed') return verdict;
  }
  return verdict;
}

function unchunk(body: string, head: string): string {
  if (!/^transfer-encoding: chunked$/im.test(head)) return body;
  return /^([0-9a-f]+)\r\n/i.exec(body)?.[1] === undefined ? body : body.replace(/^[0-9a-f]+\r\n/i, '').replace(/\r\n0\r\n\r\n$/, '');
}
