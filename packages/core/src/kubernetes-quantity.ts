const UNITS = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** Kubernetes writes 64, 700m, 1.5k, 512Gi; 0 for what is none of that. */
export function readKubernetesQuantity(quantity = '0'): number {
  const [, digits = '0', unit = ''] = /^([0-9.e+-]+?)(m|Ki|[kMGTPE]i?)?$/.exec(quantity) ?? [];
  if (unit === 'm') return Number(digits) / 1000;
  const power = UNITS.indexOf(unit.replace('i', '').replace('K', 'k'));
  return Number(digits) * (unit.endsWith('i') ? 1024 : 1000) ** power;
}
