// Prints prisma/schema.prisma as SQL for an empty database; with the schema of an earlier commit as second argument, the SQL that leads
// from it to today's, which is the body of the next migration:
//   git show HEAD:prisma/schema.prisma > before.prisma && node packages/db/scripts/schema-sql.mjs "$DATABASE_URL" before.prisma
// The engine connects to the database it is given, for its version alone.
// It drives Prisma's schema engine as WebAssembly, because the CLI downloads a native one that no package registry has.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindSqlAdapterFactory } from '@prisma/driver-adapter-utils';

const SCHEMA = fileURLToPath(new URL('../../../prisma/schema.prisma', import.meta.url));
/** The SQL from the schema file `before`, or from nothing, to the repository's schema. */
async function schemaSql(url, before) {
  const to = await readSchema(SCHEMA);
  const from = before === undefined ? { tag: 'empty' } : await readSchema(before);
  const { SchemaEngine } = await loadEngine();
  const adapter = bindSqlAdapterFactory(new PrismaPg({ connectionString: url }));
  const engine = await SchemaEngine.new({ datamodels: to.files.map(({ path, content }) => [path, content]) }, () => undefined, adapter);
  const filters = { externalTables: [], externalEnums: [] };
  const { stdout } = await engine.diff({ from, to, script: true, exitCode: null, filters });
  return stdout;
}

async function readSchema(path) {
  return { tag: 'schemaDatamodel', files: [{ path, content: await readFile(path, 'utf8') }] };
}

/** The package's own entry imports its .wasm as a module, which Node cannot. */
async function loadEngine() {
  const bindings = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const directory = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm'));
  const wasm = await readFile(join(directory, 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': bindings });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start?.();
  return bindings;
}

// The engine's idle connection would keep the process for its own while.
process.stdout.write(await schemaSql(process.argv[2], process.argv[3]), () => process.exit());
