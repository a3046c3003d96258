import { once } from 'node:events';
import { connect } from 'node:net';

const DELETE_ALL = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end return 'emptied'";

/** Deletes every key that begins with `prefix`, in one instant, as FLUSHALL would where others do not share the server. */
export async function emptyRedis(url: string, prefix: string): Promise<void> {
  const { hostname, port, password } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port || 6379) });
  try {
    await once(socket, 'connect');
    if (password !== '') await call(socket, ['AUTH', decodeURIComponent(password)]);
    await call(socket, ['EVAL', DELETE_ALL, '0', `${prefix}*`]);
  } finally {
    socket.destroy();
  }
}

async function call(socket: ReturnType<typeof connect>, words: string[]): Promise<void> {
  socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  if (answer.toString().startsWith('-')) throw new Error(`Redis refuses: ${answer.toString().trim()}`);
}
