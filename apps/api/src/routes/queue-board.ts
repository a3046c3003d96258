import type { Router } from 'express';
import type { ApiContext } from '../api-context.ts';

/** bull-board loads a font from elsewhere, which this forbids; its styles and its settings stand in the page. */
const BOARD_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; frame-ancestors 'none'";

export const BOARD_PATH = '/bull-board';

/** BullMQ's own view of the queues, for operators: what the store holds, read only, with the dashboard's session or a key. */
export function queueBoardRoutes(router: Router, { authenticate, db, queueBoard }: ApiContext): void {
  router.use(BOARD_PATH, async (request, response) => {
    await authenticate(request, 'operator');
    // The page names its files relative to a folder.
    if (request.originalUrl === BOARD_PATH) return response.redirect(`${BOARD_PATH}/`);
    response.setHeader('content-security-policy', BOARD_POLICY);
    const pools = await db.pools.list();
    await queueBoard.serve(
      request,
      response,
      pools.map(({ id }) => id),
    );
  });
}
