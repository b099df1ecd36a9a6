// What tests of realtime share: a wait with a limit, a network that can be cut, what docs/ says.

import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { pipeline } from 'node:stream';

export const waitMs = 20000;

export async function until(what, fact) {
  for (const deadline = Date.now() + waitMs; !(await fact()); ) {
    if (Date.now() > deadline) throw new Error(`waited ${waitMs / 1000} s until ${what}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

// The block of docs/realtime.md that has this in it.
export function block(part) {
  const docs = readFileSync(new URL('../../docs/realtime.md', import.meta.url), 'utf8');
  const found = [...docs.matchAll(/```js\n([^]*?)```/g)].map(([, code]) => code).filter((code) => code.includes(part));
  if (found.length !== 1) throw new Error(`docs/realtime.md has ${found.length} blocks with ${part}`);
  return found[0];
}

// As a module: what is to be called.
export const functions = () => block('function withReplay(') + block('function follow(');

// The way to the server, at an address of its own: cut() ends what is open and refuses what comes,
// until mend().
export async function startProxy(url) {
  const { hostname, port } = new URL(url);
  const open = new Set();
  let isCut = false;
  const proxy = createServer((near) => {
    if (isCut) return void near.destroy();
    const pair = [near, connect(port, hostname)];
    const over = () => {
      pair.forEach((one) => one.destroy());
      open.delete(over);
    };
    open.add(over);
    pipeline(...pair, near, over);
  });
  await new Promise((done, failed) => proxy.on('error', failed).listen(0, '127.0.0.1', done));
  const cut = () => {
    isCut = true;
    for (const over of [...open]) over();
  };
  return {
    url: `http://127.0.0.1:${proxy.address().port}`,
    cut,
    mend: () => (isCut = false),
    stop: () => {
      cut();
      return new Promise((done) => proxy.close(done));
    },
  };
}
