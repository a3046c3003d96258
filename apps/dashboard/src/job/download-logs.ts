import { useMutation } from '@tanstack/react-query';
import { client } from '../client.ts';

const PAGE = 2_000;

/** Every line of the job as a text file. */
export function useDownloadLogs(id: string) {
  return useMutation({
    mutationFn: async () => {
      const parts: string[] = [];
      let after: number | undefined;
      for (let hasMore = true; hasMore; ) {
        const page = await client.jobs.listLogs(id, { after, limit: PAGE });
        for (const { created_at: at, attempt, rank, level, message } of page.data)
          parts.push(`${new Date(at * 1000).toISOString()} a${attempt}/r${rank} ${level} ${message}\n`);
        after = page.data.at(-1)?.seq;
        hasMore = page.has_more && after !== undefined;
      }
      saveAs(new Blob(parts, { type: 'text/plain' }), `${id}.log`);
    },
  });
}

function saveAs(content: Blob, filename: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = filename;
  link.click();
  URL.revokeObjectURL(link.href);
}
