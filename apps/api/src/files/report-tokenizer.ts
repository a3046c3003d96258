import { loadTokenizer, type Tokenizer } from '@capstan/datasets';
import type { ApiContext } from '../api-context.ts';
import { readArtifact } from './read-artifact.ts';

export type ReportTokenizer = Tokenizer & { model: string };

/**
 * The tokenizer that counts tokens at upload, when no job has named a model yet: the oldest base model's. Null where there is none.
 * It is loaded once for each content.
 */
export function createReportTokenizer({ artifacts, db, shutdown }: Pick<ApiContext, 'artifacts' | 'db' | 'shutdown'>) {
  let loaded: { sha256: string; tokenizer: ReportTokenizer } | null = null;
  return async (projectId: string): Promise<ReportTokenizer | null> => {
    const base = (await db.models.list({ projectId })).findLast(({ kind }) => kind === 'base');
    const file = base?.artifacts.find(({ path }) => path === 'tokenizer.json');
    if (base === undefined || file === undefined) return null;
    if (loaded?.sha256 !== file.sha256) {
      const bytes = await readArtifact(artifacts, file.sha256, { signal: shutdown });
      loaded = { sha256: file.sha256, tokenizer: { ...loadTokenizer(bytes), model: base.id } };
    }
    return loaded.tokenizer;
  };
}
