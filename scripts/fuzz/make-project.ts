import { createHash } from 'node:crypto';
import type { FuzzProject } from './fuzz-world.ts';
import { connectRest, type Rest } from './rest-helper.ts';

interface KeyObject {
  id: string;
  key: string;
}

/** A project with keys, two files, and two jobs that wait; `word` stands in every name, value and content. */
export async function makeProject(
  baseUrl: string,
  { admin, name, word, baseModel }: { admin: Rest; name: string; word: string; baseModel: string },
): Promise<FuzzProject> {
  const makeKey = (role: keyof FuzzProject['keys']) => admin.post<KeyObject>('/api_keys', { name: `${word} ${role}`, role, project: name });
  const [viewer, submitter, operator, owner] = await Promise.all([
    makeKey('viewer'),
    makeKey('submitter'),
    makeKey('operator'),
    makeKey('admin'),
  ]);
  const revoked = await makeKey('admin');
  const rest = connectRest(baseUrl, owner.key);
  await rest.delete(`/api_keys/${revoked.id}`);
  const contents = ['one', 'two'].map((part) => rowsAbout(`${word} ${part}`));
  const files = await Promise.all(contents.map((content, index) => rest.upload(`${word}-${index}.jsonl`, content)));
  const body = { model: baseModel, training_file: files[0], suffix: word.slice(0, 20), metadata: { team: word } };
  const jobs = await Promise.all([1, 2].map((seed) => rest.post<{ id: string }>('/fine_tuning/jobs', { ...body, seed })));
  return {
    name,
    keys: { viewer: viewer.key, submitter: submitter.key, operator: operator.key, admin: owner.key },
    revokedKey: revoked.key,
    files,
    jobs: jobs.map(({ id }) => id),
    // The admin's own stays out of reach: revoked, it would turn every later request into a refusal.
    keyIds: [revoked.id],
    hashes: contents.map((content) => createHash('sha256').update(content).digest('hex')),
  };
}

function rowsAbout(word: string): string {
  const row = (content: string) =>
    JSON.stringify({
      messages: [
        { role: 'user', content },
        { role: 'assistant', content: word },
      ],
    });
  return `${[1, 2, 3, 4].map((number) => row(`Summarize ${word} ${number}`)).join('\n')}\n`;
}
