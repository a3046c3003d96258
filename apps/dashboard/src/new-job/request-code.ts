import type { CreateJobRequest } from '@capstan/core';

/** The same request for a terminal. */
export function asCurl(request: CreateJobRequest, origin: string): string {
  const body = JSON.stringify(request, null, 2).replaceAll("'", "'\\''");
  return [
    `curl -s ${origin}/v1/fine_tuning/jobs \\`,
    `  -H "Authorization: Bearer $OPENAI_API_KEY" \\`,
    `  -H 'content-type: application/json' \\`,
    `  -d '${body}'`,
  ].join('\n');
}

/** The same request for OpenAI's client in TypeScript. */
export function asOpenAi(request: CreateJobRequest, origin: string): string {
  const { capstan, ...known } = request;
  const body = JSON.stringify({ ...known, capstan }, null, 2);
  return [
    `import OpenAI from 'openai';`,
    '',
    `const client = new OpenAI({ baseURL: '${origin}/v1' });`,
    `const job = await client.fineTuning.jobs.create(${body} as never);`,
    'console.log(job.id);',
  ].join('\n');
}
