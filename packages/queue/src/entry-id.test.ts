import { describe, expect, test } from 'vitest';
import { entryId, entrySchema, parseEntryId } from './entry-id.ts';

describe('the id of a queue entry', () => {
  test('is the same for the same attempt and can be read back', () => {
    const entry = { jobId: 'ftjob-a.b', attempt: 12 };
    expect(entryId(entry)).toBe('ftjob-a.b.12');
    expect(parseEntryId(entryId(entry))).toEqual(entry);
  });

  test.each(['', 'ftjob-a', '.1', 'ftjob-a.', 'ftjob-a.0', 'ftjob-a.x', 'ftjob-a.-1'])('is not read from %j', (id) => {
    expect(parseEntryId(id)).toBeNull();
  });

  test('an entry that holds anything else than a job and an attempt number is refused', () => {
    expect(entrySchema.safeParse({ jobId: 'a' }).success).toBe(false);
    expect(entrySchema.safeParse({ jobId: 'a', attempt: '1' }).success).toBe(false);
    expect(entrySchema.parse({ jobId: 'a', attempt: 1, spec: {} })).toEqual({ jobId: 'a', attempt: 1 });
  });
});
