import { writeFileSync } from 'node:fs';
import { buildOpenApi } from './build-openapi.ts';

// `npm run openapi -w apps/api`: brings docs/openapi.json up to date with the schemas.
writeFileSync(new URL('../../../../docs/openapi.json', import.meta.url), `${JSON.stringify(buildOpenApi(), null, 2)}\n`);
