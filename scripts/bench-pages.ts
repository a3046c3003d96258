// `npm run bench:pages`: how each page of the built dashboard loads in Debian's chromium, with an empty cache, from the whole stack. The last
// line is JSON.
import '../e2e/src/bench-pages.ts';
