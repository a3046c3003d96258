import { NumberInput, Select, TextInput } from '@mantine/core';

export const FRESH_POOL = {
  id: '',
  launcher: 'kubernetes' as 'kubernetes' | 'process',
  max_workers: 1,
  gpus_per_worker: 1,
  price_per_gpu_hour: 0,
  /** `label=value`, more of them with commas. */
  nodeSelector: '',
};
type PoolDraft = typeof FRESH_POOL;

export function PoolFields({ pool, onChange }: { pool: PoolDraft; onChange: (pool: PoolDraft) => void }) {
  const set = (change: Partial<PoolDraft>) => onChange({ ...pool, ...change });
  const number = (name: 'max_workers' | 'gpus_per_worker' | 'price_per_gpu_hour') => ({
    min: 0,
    value: pool[name],
    onChange: (value: number | string) => set({ [name]: Number(value) }),
  });
  return (
    <>
      <TextInput
        label="Name"
        description="Lower-case letters, digits and “-”."
        required
        data-autofocus
        value={pool.id}
        onChange={(event) => set({ id: event.currentTarget.value })}
      />
      <Select
        label="Launcher"
        data={['kubernetes', 'process']}
        allowDeselect={false}
        value={pool.launcher}
        onChange={(launcher) => set({ launcher: launcher as PoolDraft['launcher'] })}
      />
      <NumberInput label="Workers at most" allowDecimal={false} {...number('max_workers')} />
      <NumberInput label="GPUs per worker" allowDecimal={false} {...number('gpus_per_worker')} />
      <NumberInput label="Price of a GPU hour" prefix="$" decimalScale={4} {...number('price_per_gpu_hour')} />
      {pool.launcher === 'kubernetes' && (
        <TextInput
          label="Node selector"
          description="label=value, more of them with commas; may stay empty"
          value={pool.nodeSelector}
          onChange={(event) => set({ nodeSelector: event.currentTarget.value })}
        />
      )}
    </>
  );
}
