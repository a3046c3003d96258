import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useCreatePool } from '../queries/pools.ts';
import { FRESH_POOL, requestOf } from './pool-draft.ts';
import { PoolForm } from './pool-form.tsx';

export function CreatePool() {
  const [isOpen, { open, close }] = useDisclosure();
  const create = useCreatePool();
  return (
    <>
      <Button onClick={open}>New pool</Button>
      {isOpen && (
        <PoolForm
          title="New pool"
          action="Make the pool"
          initial={FRESH_POOL}
          isNew
          isSending={create.isPending}
          onSubmit={(draft) => create.mutate(requestOf(draft), { onSuccess: close })}
          onClose={close}
        />
      )}
    </>
  );
}
