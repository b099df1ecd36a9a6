// Starts the server under test: REEVE_BINARY, on a directory of its own, on loopback.

import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import PocketBase from 'pocketbase';

const tests = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const binary = resolve(process.env.REEVE_BINARY ?? join(tests, '../build/reeve'));
const scratch = process.env.REEVE_TEST_TMP ?? tmpdir();

// The data directory that the conformance cases use; a stranger's clone does not have it.
export const sampleData = resolve(tests, '../../shared/conformance/data');
export const hasSampleData = existsSync(sampleData);

// PocketBase itself, where `./dev differ` has put it. Its data cannot lie below the temp directory.
const share = join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local/share'), 'reeve');
const reference = join(share, 'reference/bin/pocketbase');
export const hasReference = existsSync(reference);

const extra = () => (process.env.REEVE_SERVE_ARGS ?? '').split(' ').filter(Boolean);

export const root = { email: 'root@example.com', password: '1234567890' };

function support(...args) {
  const done = spawnSync('python3', [join(tests, 'support/reeve.py'), ...args]);
  if (done.status !== 0) throw new Error(`${args[0]}: ${done.stderr}`);
  return done.stdout.toString().trim();
}

// kind: 'bare' (made by the server, with a superuser), 'fresh' (the site of tests/fixtures in it,
// too) or 'sample' (a copy).
export async function startServer(kind, { batches = false } = {}) {
  const home = mkdtempSync(join(scratch, 'reeve-sdk-'));
  const dir = join(home, 'data');
  if (kind === 'fresh') support('fresh', binary, dir);
  else if (kind === 'bare') spawnSync(binary, ['superuser', 'upsert', root.email, root.password, '--dir', dir]);
  else cpSync(sampleData, dir, { recursive: true });
  if (batches) support('batches', dir);
  const server = await launch(binary, ['serve', '--dir', dir, '--http', '127.0.0.1:0', ...extra()]);
  const remove = () => rmSync(home, { recursive: true, force: true });
  return {
    ...server,
    dir,
    // A token as the server would give that user: for collections that ask for more than a password.
    token: (who) => support('token', dir, who),
    stop: () => server.end().finally(remove),
    remove, // after end(), which leaves the directory
  };
}

// The server on the directory and the address of one that has ended.
export function startAgain({ dir, url }) {
  return launch(binary, ['serve', '--dir', dir, ...extra(), '--http', new URL(url).host]);
}

// PocketBase on a copy of a directory that nobody serves any more.
export async function startReference(from) {
  mkdirSync(share, { recursive: true });
  const home = mkdtempSync(join(share, 'sdk-'));
  const dir = join(home, 'data');
  cpSync(from, dir, { recursive: true });
  const server = await launch(reference, ['serve', '--dir', dir, '--http', `127.0.0.1:${await freePort()}`]);
  return { ...server, stop: () => server.end().finally(() => rmSync(home, { recursive: true, force: true })) };
}

async function launch(program, args) {
  let output = '';
  const child = spawn(program, args);
  const ended = new Promise((done) => child.on('exit', (code, signal) => done(code ?? signal)));
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (output += text));
  const url = await address(child, () => output);
  await untilHealthy(url, child, () => output);
  return {
    url,
    client: () => {
      const client = new PocketBase(url);
      client.autoCancellation(false);
      return client;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
      if (/Sanitizer|runtime error:/.test(output)) throw new Error(`before it was killed: ${output.slice(-4000)}`);
    },
    end: async () => {
      child.kill('SIGTERM');
      const code = await ended;
      if (code !== 0 || /Sanitizer|runtime error:/.test(output))
        throw new Error(`the server ended with ${code}: ${output.slice(-4000)}`);
    },
  };
}

// One that was free a moment ago: PocketBase does not say which it got.
function freePort() {
  return new Promise((done, failed) => {
    const server = createServer().on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

// The system gives the server its port, so that nobody else can have it; the server prints it.
function address(child, output) {
  return until('the server prints its address', child, output, () => {
    return output().match(/Server started at (http:\/\/\S*:\d+)\n/)?.[1];
  });
}

function untilHealthy(url, child, output) {
  return until('the server answers /api/health', child, output, async () => {
    try {
      return (await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(20000) })).ok;
    } catch {
      return false;
    }
  });
}

// Waits until the fact is true, and returns it.
async function until(what, child, output, fact) {
  const deadline = Date.now() + 60000;
  for (;;) {
    const found = await fact();
    if (found) return found;
    const ended = child.exitCode ?? child.signalCode;
    if (ended === null && Date.now() < deadline) {
      await new Promise((done) => setTimeout(done, 10));
      continue;
    }
    child.kill('SIGKILL');
    const why = ended === null ? 'waited 60 s until' : `the server ended with ${ended} before`;
    throw new Error(`${why} ${what}; printed so far: ${output()}`);
  }
}

// The error of a call that must be refused; fails when it is not.
export async function refused(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('the call was not refused');
}
