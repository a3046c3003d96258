import { Button, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { usePools } from '../queries/pools.ts';
import { useMayAct } from '../queries/session.ts';
import { Loaded } from '../shell/loaded.tsx';
import { Page } from '../shell/page.tsx';
import { CreatePool } from './create-pool.tsx';
import { PoolCard } from './pool-card.tsx';

/** Every pool, and for operators what can be done with it. */
export function PoolsPage() {
  const mayOperate = useMayAct('operator');
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <Page title="Pools" actions={mayOperate && <Button onClick={open}>New pool</Button>}>
      <CreatePool isOpen={isOpen} onClose={close} />
      <Loaded query={usePools()}>
        {({ data }) => (
          <Stack>
            {data.map((pool) => (
              <PoolCard key={pool.id} pool={pool} />
            ))}
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}
