import { config } from 'zod';

// The page's policy forbids code made of text, which zod would otherwise try while the schemas are made: so this comes before them.
config({ jitless: true });
const { start } = await import('./start.tsx');
start(document.getElementById('root'));
