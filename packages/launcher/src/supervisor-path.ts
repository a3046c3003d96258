import { fileURLToPath } from 'node:url';

/** In this folder, as in a bundle's, the supervisor lies beside the code that starts it. */
export const SUPERVISOR_PATH = fileURLToPath(new URL('./rank-supervisor.mjs', import.meta.url));
