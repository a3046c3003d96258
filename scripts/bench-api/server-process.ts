import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServerProcess {
  port: number;
  /** Processor time used so far; 0 where the system does not tell. */
  processorMicroseconds(): number;
  /** Ends the process; harmless when called twice. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
/** Linux counts in hundredths of a second. */
const TICK_MICROSECONDS = 10_000;

/** Starts a Node program that listens on PORT, and waits until it does. */
export async function startServer(program: string, port: number, environment: Record<string, string>): Promise<ServerProcess> {
  const env = { ...process.env, ...environment, PORT: String(port) };
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const giveUpAt = Date.now() + START_TIMEOUT_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > giveUpAt) throw new Error(`${program} did not start.`);
    await sleep(50);
  }
  return {
    port,
    processorMicroseconds: () => processorMicroseconds(child.pid ?? 0),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function processorMicroseconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Behind the name, which may hold spaces: user time is the twelfth field, system time the thirteenth.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
  } catch {
    return 0;
  }
}
