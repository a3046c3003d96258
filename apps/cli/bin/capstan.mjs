#!/usr/bin/env node
// npm links a program only if it is there when npm installs, and `dist` is built later.
import { existsSync } from 'node:fs';

const built = new URL('../dist/main.js', import.meta.url);
if (existsSync(built)) await import(built.href);
else {
  process.stderr.write('Capstan is not built yet: `npm start` builds it, and starts the platform.\n');
  process.exitCode = 1;
}
