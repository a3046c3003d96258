import { type ApiKeysClient, apiKeysClient } from './api-keys.ts';
import { type AuditClient, auditClient } from './audit.ts';
import { type ChangesClient, changesClient } from './changes.ts';
import { type ChatClient, chatClient } from './chat.ts';
import { type FilesClient, filesClient } from './files.ts';
import { type JobsClient, jobsClient } from './jobs.ts';
import { type ModelsClient, modelsClient } from './models.ts';
import { type OverviewClient, overviewClient } from './overview.ts';
import { type PoolsClient, poolsClient } from './pools.ts';
import { type ProjectsClient, projectsClient } from './projects.ts';
import { type SessionClient, sessionClient } from './session.ts';
import { type ClientOptions, createTransport } from './transport.ts';

/** Capstan's REST API, one function an operation. Answers are checked by the schemas that the server answers by. */
export interface CapstanClient {
  files: FilesClient;
  jobs: JobsClient;
  models: ModelsClient;
  chat: ChatClient;
  pools: PoolsClient;
  projects: ProjectsClient;
  apiKeys: ApiKeysClient;
  session: SessionClient;
  audit: AuditClient;
  overview: OverviewClient;
  changes: ChangesClient;
}

/** Opens nothing and keeps nothing; runs in Node and in browsers. */
export function createClient(options: ClientOptions): CapstanClient {
  const transport = createTransport(options);
  return {
    files: filesClient(transport),
    jobs: jobsClient(transport),
    models: modelsClient(transport),
    chat: chatClient(transport),
    pools: poolsClient(transport),
    projects: projectsClient(transport),
    apiKeys: apiKeysClient(transport),
    session: sessionClient(transport),
    audit: auditClient(transport),
    overview: overviewClient(transport),
    changes: changesClient(transport),
  };
}
