import type { FuzzWorld } from './fuzz-world.ts';
import { ODD_TEXTS, oddText } from './odd-values.ts';
import type { Random } from './random.ts';
import type { Route } from './routes.ts';

const PATH_TRICKS = [
  '..',
  '.',
  '%2e%2e',
  '..%2f..%2f',
  '%2F',
  '//',
  '%00',
  '%ff',
  '%',
  '%zz',
  ';',
  '..;/',
  '%5c..%5c',
  '%c0%ae%c0%ae/',
  'index.html',
];

/** The path and query of a request to `route`, with ids that exist, that are another project's, that never were, and that are no ids at all. */
export function makeTarget(route: Route, world: FuzzWorld, random: Random): string {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => pathPart(route, name, { world, random }));
  const query = makeQuery(route, world, random);
  const tail = random.chance(0.03) ? random.pick(PATH_TRICKS) : '';
  return `${path}${tail}${query === '' ? '' : `?${query}`}`;
}

function pathPart(route: Route, name: string, { world, random }: { world: FuzzWorld; random: Random }): string {
  // A pool that has jobs must not be changed: it would start them.
  if (name === 'pool_id' && route.method !== 'GET') return random.chance(0.8) ? world.idlePool : encode(`none-${oddText(random)}`);
  if (random.chance(0.4)) return encode(ownId(route, name, { world, random }));
  if (random.chance(0.4)) return encode(random.pick(knownIds(name, world.foreign, world)));
  if (random.chance(0.3)) return random.pick(PATH_TRICKS);
  return random.chance(0.9) ? encode(oddText(random)) : rawBytes(random);
}

/** The first file and job are kept: the bodies of valid requests name them. */
function ownId({ name: route }: Route, name: string, { world, random }: { world: FuzzWorld; random: Random }): string {
  const ids = knownIds(name, world.own, world);
  const isEnding = route.startsWith('DELETE') || route.endsWith('/cancel');
  return random.pick(isEnding && ids.length > 1 ? ids.slice(1) : ids);
}

function knownIds(name: string, project: FuzzWorld['own'], world: FuzzWorld): string[] {
  switch (name) {
    case 'file_id':
      return project.files;
    case 'job_id':
      return project.jobs;
    case 'key_id':
      return project.keyIds;
    case 'model':
      return [world.baseModel, `ft:${world.baseModel}:${project.name}::${project.jobs[0]?.slice(-12)}`];
    case 'pool_id':
      return [world.idlePool, 'local'];
    default:
      return ['adapter_model.safetensors', 'index.html', '../adapter_config.json', 'assets/x.js'];
  }
}

function makeQuery({ queryNames, path }: Route, world: FuzzWorld, random: Random): string {
  const pairs: [string, string][] = [];
  for (const name of queryNames) if (random.chance(0.4)) pairs.push([queryName(name, random), queryValue(name, world, random)]);
  if (path.startsWith('/v1') && random.chance(0.05)) pairs.push([oddText(random), oddText(random)]);
  const [first] = pairs;
  if (first && random.chance(0.05)) pairs.push(first);
  return pairs.map(([name, value]) => `${encode(name)}=${random.chance(0.95) ? encode(value) : rawBytes(random)}`).join('&');
}

function queryName(name: string, random: Random): string {
  return name === 'metadata' && random.chance(0.7) ? `metadata[${random.chance(0.5) ? 'team' : oddText(random)}]` : name;
}

function queryValue(name: string, { own, foreign }: FuzzWorld, random: Random): string {
  if (random.chance(0.4)) return random.pick(ODD_TEXTS);
  if (name === 'limit') return random.pick(['1', '20', '100', '999999', '007']);
  if (name === 'after')
    return random.pick([...own.files, ...own.jobs, ...foreign.jobs, ...foreign.files, '0', '999999999999999', '2147483648']);
  if (name === 'attempt') return random.pick(['1', '999999', '0']);
  return random.pick(['fine-tune', 'asc', 'queued', 'local', 'null', 'a']);
}

/** Percent-encoded UTF-8; halves of surrogate pairs as the three bytes that a careless program would send. */
function encode(text: string): string {
  return Array.from(text, (character) => (/\p{Surrogate}/u.test(character) ? '%ED%A0%80' : encodeURIComponent(character))).join('');
}

function rawBytes(random: Random): string {
  return [...random.bytes(1 + random.below(8))].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}
