import { JsonInput, NumberInput, Select, TextInput } from '@mantine/core';
import { type PoolDraft, problemsOf } from './pool-draft.ts';

interface PoolFieldsProps {
  pool: PoolDraft;
  /** Name, launcher and size are given once; the size is changed by scaling. */
  isNew: boolean;
  onChange: (pool: PoolDraft) => void;
}

export function PoolFields({ pool, isNew, onChange }: PoolFieldsProps) {
  const set = (change: Partial<PoolDraft>) => onChange({ ...pool, ...change });
  const number = (name: 'max_workers' | 'min_ready' | 'gpus_per_worker' | 'price_per_gpu_hour') => ({
    min: 0,
    value: pool[name],
    onChange: (value: number | string) => set({ [name]: Number(value) }),
  });
  return (
    <>
      {isNew && <Identity pool={pool} set={set} />}
      {isNew && <NumberInput label="Workers at most" allowDecimal={false} {...number('max_workers')} />}
      <NumberInput
        label="Kept ready"
        description="Workers whose nodes stay up while they have nothing to do."
        allowDecimal={false}
        {...number('min_ready')}
      />
      <NumberInput
        label="GPUs per worker"
        description="Of jobs that are submitted from now on."
        allowDecimal={false}
        {...number('gpus_per_worker')}
      />
      <NumberInput label="Price of a GPU hour" prefix="$" decimalScale={4} {...number('price_per_gpu_hour')} />
      <NumberInput
        label="Memory of a worker"
        description="In MiB; empty leaves it to the job."
        allowDecimal={false}
        min={64}
        value={pool.memory_mib}
        onChange={(value) => set({ memory_mib: value === '' ? '' : Number(value) })}
      />
      {pool.launcher === 'kubernetes' && <KubernetesFields pool={pool} set={set} />}
    </>
  );
}

interface PartProps {
  pool: PoolDraft;
  set: (change: Partial<PoolDraft>) => void;
}

function Identity({ pool, set }: PartProps) {
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
    </>
  );
}

function KubernetesFields({ pool, set }: PartProps) {
  const problems = problemsOf(pool);
  return (
    <>
      <TextInput
        label="Node selector"
        description="label=value, more of them with commas; may stay empty"
        error={problems.nodeSelector}
        value={pool.nodeSelector}
        onChange={(event) => set({ nodeSelector: event.currentTarget.value })}
      />
      <JsonInput
        label="Other settings"
        description="As JSON: image (required), tolerations, runtimeClassName …"
        error={problems.settings}
        autosize
        minRows={3}
        value={pool.settings}
        onChange={(settings) => set({ settings })}
      />
    </>
  );
}
