import type { Platform } from '../../apps/cli/src/platform/index.ts';
import type { Answer } from './ask.ts';
import { keepDown } from './keep-down.ts';
import type { OwnStores } from './own-stores.ts';

export type Service = 'postgres' | 'redis' | 'scheduler' | 'api';

/** A question and what must be answered to it while the service is away. */
export interface Expectation {
  what: string;
  path: (jobId: string) => string;
  json?: unknown;
  isRight: (answer: Answer) => boolean;
}

export interface Outage {
  service: Service;
  begin(): Promise<void>;
  end(): Promise<void>;
  expected: Expectation[];
  /** A job can be created meanwhile, for its row is the truth. */
  takesJobs: boolean;
}

const JOB = (jobId: string) => `/v1/fine_tuning/jobs/${jobId}`;
const isPutOff = ({ status, retryAfter, body }: Answer) =>
  status === 503 && Number(retryAfter) > 0 && typeof JSON.parse(body).error?.message === 'string';
const isUp = ({ status }: Answer) => status === 200;

const alive: Expectation = { what: 'the API says that it is alive', path: () => '/healthz', isRight: isUp };
const readable: Expectation = { what: 'the job can be read', path: JOB, isRight: isUp };
const putOff: Expectation = { what: 'a reader is told when to come back', path: JOB, isRight: isPutOff };
const unready = (...missing: string[]): Expectation => ({
  what: `/readyz names ${missing.join(' and ')}, and nothing else`,
  path: () => '/readyz',
  isRight: ({ status, retryAfter, body }) => {
    if (status !== 503 || !(Number(retryAfter) > 0)) return false;
    const checks = Object.entries(JSON.parse(body).checks as Record<string, string>);
    return checks.every(([name, word]) => (word === 'ok') !== missing.includes(name));
  },
});
const silentModel: Expectation = {
  what: 'whoever asks a model is told when to come back',
  path: () => '/v1/chat/completions',
  json: { model: 't5-nano', messages: [{ role: 'user', content: 'A library.' }], max_tokens: 4 },
  isRight: isPutOff,
};
const gone: Expectation = { what: 'nobody answers', path: () => '/healthz', isRight: ({ status }) => status === 0 };

/** Every service that can be away, one after the other. A killed one is away for as long as it is killed again. */
export function listOutages(platform: Platform, { postgres, redis }: OwnStores): Outage[] {
  const ofStore = { takesJobs: false, expected: [alive, putOff, unready(...(redis === null ? ['database', 'queue'] : ['database']))] };
  return [
    { service: 'postgres', begin: () => postgres.stop(), end: () => postgres.start(), ...ofStore },
    ...(redis === null ? [] : [redisOutage(redis)]),
    { ...killing('scheduler', platform, () => platform.restartScheduler()), takesJobs: true, expected: [alive, readable, silentModel] },
    { ...killing('api', platform, () => platform.restartApi()), takesJobs: false, expected: [gone] },
  ];
}

function redisOutage(redis: NonNullable<OwnStores['redis']>): Outage {
  const expected = [alive, readable, unready('queue')];
  return { service: 'redis', begin: () => redis.stop(), end: () => redis.start(), takesJobs: true, expected };
}

/** `restart` spares the wait that the platform puts between the deaths of a service. */
function killing(service: 'scheduler' | 'api', platform: Platform, restart: () => Promise<void>) {
  let down: ReturnType<typeof keepDown> | null = null;
  return {
    service,
    begin: async () => {
      down = keepDown(() => platform.pids()[service]);
    },
    end: async () => {
      await down?.release();
      await restart();
    },
  };
}
