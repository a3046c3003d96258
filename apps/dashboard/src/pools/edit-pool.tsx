import type { PoolObject } from '@capstan/core';
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useUpdatePool } from '../queries/pools.ts';
import { draftOf, type PoolDraft, requestOf } from './pool-draft.ts';
import { PoolForm } from './pool-form.tsx';

/** Changes the pool as it was when the form was opened: where somebody was faster, it says so. */
export function EditPool({ pool }: { pool: PoolObject }) {
  const [opened, setOpened] = useState<PoolObject | null>(null);
  const update = useUpdatePool(pool.id);
  const close = () => setOpened(null);
  const save = (draft: PoolDraft, version: number) => {
    const { id: _id, launcher: _launcher, max_workers: _size, ...patch } = requestOf(draft);
    update.mutate({ ...patch, version }, { onSuccess: close });
  };
  return (
    <>
      <Button variant="default" size="xs" onClick={() => setOpened(pool)}>
        Edit
      </Button>
      {opened !== null && (
        <PoolForm
          title={`Settings of ${pool.id}`}
          action="Save"
          initial={draftOf(opened)}
          isSending={update.isPending}
          onSubmit={(draft) => save(draft, opened.version)}
          onClose={close}
        />
      )}
    </>
  );
}
