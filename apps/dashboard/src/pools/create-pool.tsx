import { Button, Modal, Stack } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useCreatePool } from '../queries/pools.ts';
import { FRESH_POOL, PoolFields } from './pool-fields.tsx';

/** The settings that every pool has; the rest has defaults that can be changed later. */
export function CreatePool({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const [pool, setPool] = useState(FRESH_POOL);
  const create = useCreatePool();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { nodeSelector, ...request } = pool;
    const settings = nodeSelector === '' ? {} : { settings: { nodeSelector: parseLabels(nodeSelector) } };
    const close = () => {
      setPool(FRESH_POOL);
      onClose();
    };
    create.mutate({ ...request, ...settings }, { onSuccess: close });
  };
  return (
    <Modal opened={isOpen} onClose={onClose} title="New pool" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={submit}>
        <Stack>
          <PoolFields pool={pool} onChange={setPool} />
          <Button type="submit" loading={create.isPending}>
            Make the pool
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}

function parseLabels(text: string): Record<string, string> {
  const pairs = text.split(',').map((pair) => pair.split('=').map((part) => part.trim()));
  return Object.fromEntries(pairs.map(([name = '', value = '']) => [name, value]));
}
