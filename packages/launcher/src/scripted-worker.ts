/** A worker of a few lines that does what its job's id says; see WorkerBehaviour. */
export const SCRIPTED_WORKER = `
const behaviour = process.env.CAPSTAN_JOB_ID.split('-')[1];
const live = () => { setInterval(() => undefined, 1000); console.log('ready'); };
const behaviours = {
  succeed: () => console.log('first\\nall done'),
  fail: () => { console.error('about to fail'); process.exitCode = 3; },
  die: () => process.kill(process.pid, 'SIGKILL'),
  hungry: () => { const taken = []; setInterval(() => taken.push(Buffer.alloc(10 * 1024 * 1024, 1)), 50); },
  polite: () => { process.on('SIGTERM', () => process.exit(0)); live(); },
  stubborn: () => { process.on('SIGTERM', () => console.log('not yet')); live(); },
  family: () => {
    const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'inherit' });
    console.log('child ' + child.pid);
    live();
  },
  verbose: () => { for (let line = 0; line < 40000; line += 1) console.log('line ' + line + ' ' + 'x'.repeat(60)); },
  environment: () => console.log(JSON.stringify({ cwd: process.cwd(), env: process.env })),
};
behaviours[behaviour]();
`;
