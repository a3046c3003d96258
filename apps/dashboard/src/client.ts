import { createClient } from '@capstan/client';
import { browserClock } from './browser-clock.ts';

/** The API that served this page, with the session's cookie. */
export const client = createClient({ baseUrl: '/v1', apiKey: null, clock: browserClock });
