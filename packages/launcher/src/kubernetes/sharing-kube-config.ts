import { KubeConfig, type RequestContext } from '@kubernetes/client-node';

/** Certificates may be renewed under way; connections that still hold the old ones are then let go. */
const SHARED_FOR_MS = 600_000;

type Dispatcher = ReturnType<RequestContext['getDispatcher']>;

/** Calls share their connections. As the client has it, each opens one of its own, and its handshake costs more than all the rest of it. */
export class SharingKubeConfig extends KubeConfig {
  readonly #onCall: (method: string) => void;
  #shared: { dispatcher: Dispatcher; until: number } | null = null;

  constructor(onCall: (method: string) => void) {
    super();
    this.#onCall = onCall;
  }

  override async applySecurityAuthentication(context: RequestContext): Promise<void> {
    await super.applySecurityAuthentication(context);
    const now = performance.now();
    if (this.#shared === null || this.#shared.until < now) {
      this.#shared = { dispatcher: context.getDispatcher(), until: now + SHARED_FOR_MS };
    }
    if (this.#shared.dispatcher !== undefined) context.setDispatcher(this.#shared.dispatcher);
    if (!new URL(context.getUrl()).searchParams.has('watch')) this.#onCall(context.getHttpMethod());
  }
}
