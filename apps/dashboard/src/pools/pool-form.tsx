import { Button, Modal, Stack } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { type PoolDraft, problemsOf } from './pool-draft.ts';
import { PoolFields } from './pool-fields.tsx';

interface PoolFormProps {
  title: string;
  action: string;
  initial: PoolDraft;
  isNew?: boolean;
  isSending: boolean;
  onSubmit: (draft: PoolDraft) => void;
  onClose: () => void;
}

/** The settings of a pool in a window of their own; whoever opens it says what becomes of them. */
export function PoolForm({ title, action, initial, isNew = false, isSending, onSubmit, onClose }: PoolFormProps) {
  const [pool, setPool] = useState(initial);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit(pool);
  };
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={submit}>
        <Stack>
          <PoolFields pool={pool} isNew={isNew} onChange={setPool} />
          <Button type="submit" loading={isSending} disabled={Object.keys(problemsOf(pool)).length > 0}>
            {action}
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}
