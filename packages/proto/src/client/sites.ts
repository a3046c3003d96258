import type { Client } from '@grpc/grpc-js';
import { fromStatus } from '../status.ts';
import { dial, explainDistrust } from './dial.ts';
import type { ReconnectOptions } from './keep-connected.ts';

export interface Site<Clients> {
  address: string;
  clients: Clients;
}

/** The places where a scheduler may be found, of which one is spoken to at a time. */
export interface Sites<Clients> {
  /** Where ranks of one attempt meet: the first, whichever is spoken to. */
  first: Site<Clients>;
  current(): Site<Clients>;
  /** Runs one life of a conversation at the current site; when it is over, the next life begins at the next one. */
  speak(converse: (clients: Clients, connected: () => void) => Promise<void>, connected: () => void): Promise<void>;
  close(): void;
}

/**
 * `addresses` are host:port, in order of preference, with commas between. A certificate that does not suit is final as long as no site has ever
 * answered; later it is an outage like any other, for whoever replaces it must not end what runs.
 */
export function createSites<Clients extends { main: Client }>(
  addresses: string,
  open: (address: string) => Clients,
  options: Pick<ReconnectOptions, 'clock'>,
): Sites<Clients> {
  const sites = addresses.split(',').map((address) => ({ address, clients: open(address) }));
  const [first] = sites as [Site<Clients>];
  let turn = 0;
  let wasConnected = false;
  const current = () => sites[turn % sites.length] ?? first;
  return {
    first,
    current,
    async speak(converse, connected) {
      const { address, clients } = current();
      try {
        await dial(clients.main, { ...options, address });
        await converse(clients, () => {
          wasConnected = true;
          connected();
        });
      } catch (error) {
        throw wasConnected ? error : explainDistrust(fromStatus(error), address);
      } finally {
        turn += 1;
      }
    },
    close: () => {
      for (const { clients } of sites) clients.main.close();
    },
  };
}
