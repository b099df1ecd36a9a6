// The lines of docs/realtime.md in Node: what was missed is told to who comes back; rooms.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { EventSource } from 'eventsource';
import PocketBase from 'pocketbase';
import { root, startServer } from './server.mjs';
import { block, functions, startProxy, until } from './support.mjs';

globalThis.EventSource = EventSource;

const limit = { timeout: 120000 };
const { withReplay } = await import(`data:text/javascript,${encodeURIComponent(functions())}`);
const run = (part, ...names) => new (async () => {}).constructor(...names, block(part));

let server;
let proxy;
let admin;
let open = [];

function newClient(url) {
  const client = new PocketBase(url);
  client.autoCancellation(false);
  open.push(client);
  return client;
}

async function newUser() {
  const email = `user${Date.now()}-${open.length}@example.com`;
  const password = '1234567890';
  const { id } = await admin.collection('users').create({ email, password, passwordConfirm: password });
  const client = newClient(server.url);
  await client.collection('users').authWithPassword(email, password);
  return { id, client };
}

before(async () => {
  server = await startServer('bare');
  proxy = await startProxy(server.url);
  admin = server.client();
  await admin.collection('_superusers').authWithPassword(root.email, root.password);
  for (const name of ['notes', 'others', 'marks'])
    await admin.collections.create({ name, type: 'base', listRule: '', fields: [{ name: 'text', type: 'text' }] });
});

afterEach(async () => {
  proxy.mend();
  for (const client of open) {
    await client.realtime.unsubscribe();
    client.realtime.disconnect(); // private: it also ends one that is about to connect again
  }
  open = [];
});

after(async () => {
  await proxy.stop();
  await server.stop();
});

const make = (collection, text) => admin.collection(collection).create({ text });

async function listen(client, heard, ...topics) {
  for (const topic of topics)
    await client.realtime.subscribe(topic, ({ action, record }) => heard.push(`${topic} ${action} ${record.text}`));
}

// All that was heard until a mark that is made now.
async function settled(heard) {
  const text = `mark ${Math.random()}`;
  await make('marks', text);
  await until('the mark is heard', () => heard.includes(`marks/* create ${text}`));
  return heard.splice(0).filter((one) => !one.startsWith('marks/'));
}

describe('replay', () => {
  it('tells what was missed, and nothing twice', limit, async () => {
    const [client, plain] = [newClient(proxy.url), newClient(proxy.url)];
    const [heard, heardPlain, resyncs] = [[], [], []];
    withReplay(client, (topic) => resyncs.push(topic));
    await listen(client, heard, 'notes/*', 'others/*', 'marks/*');
    await listen(plain, heardPlain, 'notes/*', 'others/*', 'marks/*');
    await make('notes', 'before');
    assert.deepEqual(await settled(heard), ['notes/* create before']);
    assert.deepEqual(await settled(heardPlain), ['notes/* create before']);
    for (const round of ['first', 'second']) {
      await settled(heard);
      proxy.cut();
      await until('both notice', () => !client.realtime.isConnected && !plain.realtime.isConnected);
      const note = await make('notes', round);
      await make('others', round);
      await admin.collection('notes').delete(note.id);
      proxy.mend();
      await until('both are connected again', () => client.realtime.isConnected && plain.realtime.isConnected);
      const missed = [`notes/* create ${round}`, `notes/* delete ${round}`, `others/* create ${round}`];
      await until('what was missed comes by itself', () => heard.length >= missed.length);
      assert.deepEqual((await settled(heard)).sort(), missed);
    }
    await until('the other is subscribed again', async () => {
      await make('marks', '');
      return heardPlain.includes('marks/* create ');
    });
    assert.deepEqual(await settled(heardPlain), [], 'what is missed without replay');
    assert.deepEqual(resyncs, []);
  });
});

describe('rooms', () => {
  it('are as docs/ has them', limit, async () => {
    await run('/api/reeve/settings', 'pb')(admin);
    const [ann, bob] = [await newUser(), await newUser()];
    const told = { ann: [], bob: [] };
    const join = run("subscribe('@reeve/rooms/", 'pb', 'console');
    const console = (list) => ({ log: (event, more) => list.push([event, more]) });
    await join(ann.client, console(told.ann));
    await until('her own message comes', () => told.ann.length === 2);
    await join(bob.client, console(told.bob));
    await until('both have heard his', () => told.ann.length === 4 && told.bob.length === 2);
    const auth = ({ id }) => ({ collectionName: 'users', id });
    const [[, { members }], [, { from }]] = told.bob;
    const ids = (those) => those.map(({ id }) => id).sort();
    assert.deepEqual(ids(members.map((one) => one.auth)), ids([ann, bob]));
    assert.deepEqual(from.auth, auth(bob));
    const room = 'chat-1';
    const message = (one) => ['message', { room, from: one, data: { text: 'Hello' } }];
    const her = members.find((one) => one.auth.id === ann.id);
    assert.deepEqual(told.ann, [
      ['members', { room, members: [her] }],
      message(her),
      ['join', { room, member: from }],
      message(from),
    ]);
    await bob.client.realtime.unsubscribe();
    await until('she hears that he has left', () => told.ann.length === 5);
    assert.deepEqual(told.ann[4], ['leave', { room, member: from }]);
  });
});
