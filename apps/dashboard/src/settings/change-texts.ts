type State = Readonly<Record<string, unknown>>;

/** Two states in words, only as far as they differ: `maxWorkers: 2, autoscale.floor: 0`. */
export function changeTexts(before: State, after: State): { before: string; after: string } {
  const [old, fresh] = [membersOf(before), membersOf(after)];
  const text = (own: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>) => {
    const changed = [...own].filter(([path, value]) => other.get(path) !== value);
    return changed.length === 0 ? '–' : changed.map(([path, value]) => `${path}: ${value}`).join(', ');
  };
  return { before: text(old, fresh), after: text(fresh, old) };
}

/** Every member with its value, one within another by its path. A version changes with everything and tells nothing. */
function membersOf(state: State, prefix = ''): Map<string, string> {
  const members = Object.entries(state).filter(([name]) => prefix !== '' || name !== 'version');
  return new Map(
    members.flatMap(([name, value]): [string, string][] =>
      isState(value) ? [...membersOf(value, `${prefix}${name}.`)] : [[prefix + name, JSON.stringify(value)]],
    ),
  );
}

function isState(value: unknown): value is State {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}
