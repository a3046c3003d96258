/**
 * Guards one rank: node rank-supervisor.mjs <rank directory> <memory limit in MiB, or 0> <command …>
 *
 * Started in a session of its own, it outlives whoever launched it and shares nothing with them but files, each made whole:
 * rank.json (who guards the rank; making it is the claim, so a second supervisor goes away), worker.json (the worker runs),
 * stop.json (the launcher's wish: end it, by force after graceMs) and exit.json (how it ended). The worker stays in this
 * process's group, so that the group can be ended as a whole even when this process has died.
 */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';

const HAS_PROC = fs.existsSync('/proc/self/stat');
const POLL_MS = 500;
/** Output beyond this moves to output.log.1 and replaces what was there. */
const LOG_BYTES = 1024 * 1024;
/** How long output of the worker's own children is waited for after the worker has ended. */
const DRAIN_MS = 1_000;
const KERNEL_OOM = {
  verdict: 'memoryLimit',
  message: 'The kernel killed the worker: the machine, or its control group, was out of memory.',
};

const [directory, memoryMiB, command, ...commandArguments] = process.argv.slice(2);
process.chdir(directory);
process.on('SIGTERM', obeyStop);
for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => undefined);
let worker = null;
let verdict = { verdict: null, message: null };
let force = { at: Number.POSITIVE_INFINITY, timer: null };
let log = fs.openSync('output.log', 'a');
let logged = 0;

const guard = { pid: process.pid, startedAs: identity(), node: os.hostname(), startedAt: new Date().toISOString() };
if (!publish('rank.json', guard)) process.exit(0);
if (fs.existsSync('stop.json')) end({ exitCode: null, signal: null, verdict: 'stopped', message: null });
else start();

function start() {
  const killsBefore = oomKills();
  worker = spawn(command, commandArguments, { stdio: ['ignore', 'pipe', 'pipe'] });
  worker.once('spawn', () => publish('worker.json', { pid: worker.pid }));
  worker.once('error', ({ message }) => {
    if (worker.pid === undefined) end({ exitCode: null, signal: null, verdict: 'notStarted', message });
  });
  worker.once('exit', (exitCode, signal) => {
    if (signal === 'SIGKILL' && verdict.verdict === null && oomKills() > killsBefore) verdict = KERNEL_OOM;
    worker.once('close', () => end({ exitCode, signal, ...verdict }));
    setTimeout(() => end({ exitCode, signal, ...verdict }), DRAIN_MS);
  });
  worker.stdout.on('data', capture);
  worker.stderr.on('data', capture);
  setInterval(watch, POLL_MS);
}

function watch() {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  if (force.timer === null) obeyStop();
  const usedMiB = memoryMiB === '0' ? 0 : residentMiB();
  if (usedMiB <= Number(memoryMiB)) return;
  verdict = { verdict: 'memoryLimit', message: `The worker used ${usedMiB} MiB of memory; its limit is ${memoryMiB} MiB.` };
  worker.kill('SIGKILL');
}

/** The first wish asks the worker; later ones can only bring the force forward. */
function obeyStop() {
  if (worker === null || !fs.existsSync('stop.json')) return;
  const { graceMs } = JSON.parse(fs.readFileSync('stop.json', 'utf8'));
  if (force.timer === null) {
    verdict = { verdict: 'stopped', message: null };
    worker.kill('SIGTERM');
  }
  const at = performance.now() + graceMs;
  if (at >= force.at) return;
  clearTimeout(force.timer);
  force = { at, timer: setTimeout(() => worker.kill('SIGKILL'), graceMs) };
}

/** A full disk must not end the worker: output that cannot be kept is dropped. */
function capture(chunk) {
  try {
    logged += fs.writeSync(log, chunk);
    if (logged < LOG_BYTES) return;
    fs.closeSync(log);
    fs.renameSync('output.log', 'output.log.1');
    log = fs.openSync('output.log', 'a');
    logged = 0;
  } catch {}
}

/** Ends the whole group, this process with it: what the worker started goes with the worker. */
function end(exit) {
  publish('exit.json', { ...exit, finishedAt: new Date().toISOString() });
  if (worker !== null) process.kill(-process.pid, 'SIGKILL');
  process.exit(0);
}

/** Makes the file whole or not at all; false where it is there already. */
function publish(name, content) {
  try {
    fs.writeFileSync(`.${name}.${process.pid}`, JSON.stringify(content));
    fs.linkSync(`.${name}.${process.pid}`, name);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** Tells this process from a later one of the same number; the launcher computes the same in process-identity.ts. */
function identity() {
  if (!HAS_PROC) return ps('stat=,lstart=', process.pid).split(/\s+/).slice(1).join(' ');
  const startTicks = fs.readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ')[19];
  return `${fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${startTicks}`;
}

function residentMiB() {
  const [, kiB] = HAS_PROC
    ? (/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${worker.pid}/status`, 'utf8')) ?? [])
    : [0, ps('rss=', worker.pid)];
  return Math.round(Number(kiB ?? 0) / 1024);
}

/** How many processes of this control group (v1 or v2) the kernel has killed for want of memory; 0 where nothing counts them. */
function oomKills() {
  const groups = HAS_PROC ? fs.readFileSync('/proc/self/cgroup', 'utf8') : '';
  const v1 = /^\d+:(?:[^:]+,)?memory(?:,[^:]+)?:(.*)$/m.exec(groups)?.[1];
  const v2 = /^0::(.*)$/m.exec(groups)?.[1] ?? '';
  // In a container the path may be the host's, of which only the root is mounted.
  const places =
    v1 === undefined ? [`${v2}/memory.events`, '/memory.events'] : [`/memory${v1}/memory.oom_control`, '/memory/memory.oom_control'];
  const file = places.map((place) => `/sys/fs/cgroup${place}`).find((place) => fs.existsSync(place));
  return file === undefined ? 0 : Number(/^oom_kill (\d+)/m.exec(fs.readFileSync(file, 'utf8'))?.[1] ?? 0);
}

function ps(columns, pid) {
  return execFileSync('ps', ['-o', columns, '-p', String(pid)], { encoding: 'utf8' }).trim();
}
