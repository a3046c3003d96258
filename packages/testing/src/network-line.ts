import { once } from 'node:events';
import net from 'node:net';

/** A line to a service that a test can cut or freeze: to its clients the service is then away, or silent. */
export interface NetworkLine {
  url: string;
  cut(): void;
  freeze(): void;
  mend(): Promise<void>;
}

export async function openNetworkLine(serviceUrl: string): Promise<NetworkLine> {
  const target = new URL(serviceUrl);
  const sockets = new Set<net.Socket>();
  let frozen = false;
  const server = net.createServer((near) => {
    const far = net.connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    if (frozen) return;
    near.pipe(far);
    far.pipe(near);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as net.AddressInfo;
  const url = new URL(serviceUrl);
  url.host = `127.0.0.1:${port}`;
  const dropAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: url.href,
    cut() {
      server.close();
      dropAll();
    },
    freeze() {
      frozen = true;
      for (const socket of sockets) socket.unpipe();
    },
    async mend() {
      frozen = false;
      dropAll();
      if (!server.listening) await once(server.listen(port, '127.0.0.1'), 'listening');
    },
  };
}
