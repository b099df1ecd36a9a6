// Subscriptions through the official SDK. Silence is looked for in the stream itself, since the SDK
// lets nobody hear of events that it has no listener for. Knows of nothing that Reeve adds, so the
// reference server passes it too; it does not say which port it got, so it has to be told one:
//   REEVE_BINARY=…/pocketbase REEVE_TEST_TMP=… REEVE_SERVE_ARGS='--http 127.0.0.1:8199' \
//     node --test realtime.test.mjs
// with a directory outside of /tmp, where it behaves differently.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { EventSource } from 'eventsource';
import { refused, root, startAgain, startServer } from './server.mjs';
import { until } from './support.mjs';

const password = '1234567890';
const limit = { timeout: 120000 }; // of a case; each wait has its own, which says what it was for
const most = 1000; // subscriptions of a client
const longest = 2500; // bytes of one

// One mark would not do: the reference server may send what came just before a mark after it.
const marksEach = 4;

// Notes all that comes, whether the SDK listens or not.
globalThis.EventSource = class extends EventSource {
  events = [];

  dispatchEvent(event) {
    if (event instanceof MessageEvent) this.events.push(event);
    return super.dispatchEvent(event);
  }
};

let server;
let admin;
let users = 0;
let open = []; // clients of a case

// --- who listens ---------------------------------------------------------------------------------

// A guest's, not yet connected.
function newClient() {
  const client = server.client();
  open.push(client);
  return client;
}

async function newUser() {
  const name = `user${++users}`;
  const email = `${name}@example.com`;
  const { id } = await admin.collection('users').create({ email, name, password, passwordConfirm: password });
  return { id, name, email, login: (client, secret = password) => client.collection('users').authWithPassword(email, secret) };
}

// What the topic's listener is called with, as it comes.
async function listen(client, topic, options) {
  const calls = [];
  await client.realtime.subscribe(topic, (data) => calls.push(data), options);
  return calls;
}

// Connected, so that settled() can be asked.
async function connect(client = newClient()) {
  await listen(client, 'marks/*');
  return client;
}

async function connectAs(user) {
  const client = newClient();
  await user.login(client);
  return connect(client);
}

// All that the client's stream has carried since the last call, sorted: the reference server
// promises no order. Each as "topic action text".
async function settled(client) {
  const stream = client.realtime.eventSource;
  for (let n = 1; n <= marksEach; n++) {
    const { id } = await admin.collection('marks').create({});
    await until(`mark ${n} comes`, () => stream.events.some(({ data }) => data.includes(id)));
  }
  return stream.events
    .splice(0)
    .filter(({ type }) => type !== 'PB_CONNECT' && type !== 'marks/*')
    .map(({ type, data }) => {
      const { action, record } = JSON.parse(data);
      return [type.split('?')[0], action, record.text].join(' ');
    })
    .sort();
}

const make = (collection, values) => admin.collection(collection).create(values);
const said = (calls) => calls.map(({ action, record }) => `${action} ${record.text}`).sort();

// --- the site ------------------------------------------------------------------------------------

async function start() {
  server = await startServer('bare');
  admin = server.client();
  await admin.collection('_superusers').authWithPassword(root.email, root.password);
  const own = 'owner != "" && owner = @request.auth.id';
  const rules = {
    marks: {},
    notes: { viewRule: '' },
    own: { listRule: own, viewRule: own },
    parts: { listRule: own },
    locked: { listRule: null, viewRule: null },
    listed: { viewRule: null },
    viewed: { listRule: null, viewRule: '' },
    tokens: { listRule: '@request.headers.x_token = text' },
    rooms: { listRule: '@request.query.room = text' },
  };
  for (const [name, some] of Object.entries(rules))
    await admin.collections.create({
      name,
      type: 'base',
      listRule: '',
      fields: [
        { name: 'text', type: 'text' },
        { name: 'n', type: 'number' },
        { name: 'owner', type: 'relation', collectionId: '_pb_users_auth_', cascadeDelete: name === 'parts' },
        { name: 'created', type: 'autodate', onCreate: true },
      ],
      ...some,
    });
}

// The private one: it also ends a client that is about to connect again.
function leave() {
  for (const client of open) client.realtime.disconnect();
  open = [];
}

describe('realtime', () => {
  before(start);
  afterEach(leave);
  after(() => server.stop());

  describe('what is heard', () => {
    it('is what happens to any record, as its answers were', limit, async () => {
      const client = await connect();
      const notes = client.collection('notes');
      const calls = [];
      await notes.subscribe('*', (data) => calls.push(data));
      const { id } = await make('notes', { text: 'one', n: 1 });
      const made = await notes.getOne(id);
      await settled(client);
      await admin.collection('notes').update(id, { text: 'two' });
      const changed = await notes.getOne(id);
      await settled(client);
      await admin.collection('notes').delete(id);
      assert.deepEqual(await settled(client), ['notes/* delete two']);
      assert.deepEqual(calls, [
        { action: 'create', record: made },
        { action: 'update', record: changed },
        { action: 'delete', record: changed },
      ]);
    });

    it('is of one record where it was asked for by id', limit, async () => {
      const [one, other] = [await make('notes', { text: 'one' }), await make('notes', { text: 'other' })];
      const client = await connect();
      const calls = [];
      await client.collection('notes').subscribe(one.id, (data) => calls.push(data));
      for (const { id } of [other, one]) {
        await admin.collection('notes').update(id, { n: 2 });
        await admin.collection('notes').delete(id);
      }
      const topic = `notes/${one.id}`;
      assert.deepEqual(await settled(client), [`${topic} delete one`, `${topic} update one`]);
      assert.deepEqual(said(calls), ['delete one', 'update one']);
      assert.deepEqual(new Set(calls.map(({ record }) => record.id)), new Set([one.id]));
    });

    it('is of several topics that were asked for at once', limit, async () => {
      const note = await make('notes', { text: 'note' });
      const topics = ['marks/*', 'notes/*', `notes/${note.id}`, 'listed/*', 'listed'];
      const client = newClient();
      const calls = await Promise.all(topics.map((topic) => listen(client, topic)));
      await admin.collection('notes').update(note.id, { text: 'changed' });
      await make('listed', { text: 'seen' });
      assert.deepEqual(
        await settled(client),
        ['listed create seen', 'listed/* create seen', 'notes/* update changed', `notes/${note.id} update changed`].sort(),
      );
      assert.deepEqual(calls.slice(1).map((one) => one.length), [1, 1, 1, 1]);
    });

    it('is told once to each listener of a topic, and comes once', limit, async () => {
      const client = await connect();
      const calls = [await listen(client, 'notes/*'), await listen(client, 'notes/*')];
      await make('notes', { text: 'both' });
      assert.deepEqual(await settled(client), ['notes/* create both']);
      assert.deepEqual(calls.map(said), [['create both'], ['create both']]);
    });

    it('names a collection by its id, too', limit, async () => {
      const client = await connect();
      const { id } = await admin.collections.getOne('notes');
      const calls = await listen(client, `${id}/*`);
      await make('notes', { text: 'by id' });
      assert.deepEqual(await settled(client), [`${id}/* create by id`]);
      assert.deepEqual(said(calls), ['create by id']);
    });

    it('is what a batch has done, and nothing of one that failed', limit, async () => {
      await admin.settings.update({ batch: { enabled: true } });
      const client = await connect();
      await listen(client, 'notes/*');
      const good = admin.createBatch();
      good.collection('notes').create({ text: 'first' });
      good.collection('notes').create({ text: 'second' });
      await good.send();
      const bad = admin.createBatch();
      bad.collection('notes').create({ text: 'undone' });
      bad.collection('notes').delete('nosuchnote00000');
      assert.equal((await refused(bad.send())).status, 400);
      assert.deepEqual(await settled(client), ['notes/* create first', 'notes/* create second']);
    });

    it('begins with PB_CONNECT and the id of the client', limit, async () => {
      const client = newClient();
      const connects = await listen(client, 'PB_CONNECT');
      assert.deepEqual(connects, [{ clientId: client.realtime.clientId }]);
      assert.match(client.realtime.clientId, /^[A-Za-z0-9]{40}$/);
      await connect(client);
      await settled(client);
      assert.equal(connects.length, 1);
      assert.equal(client.realtime.isConnected, true);
    });
  });

  describe('what is heard no more', () => {
    it('is of a listener that was taken back', limit, async () => {
      const client = await connect();
      const calls = [[], []];
      const [first, second] = await Promise.all(
        calls.map((list) => client.realtime.subscribe('notes/*', (data) => list.push(data))),
      );
      await first();
      await make('notes', { text: 'for one' });
      assert.deepEqual(await settled(client), ['notes/* create for one']);
      assert.deepEqual(calls.map(said), [[], ['create for one']]);
      await second();
      await make('notes', { text: 'for none' });
      assert.deepEqual(await settled(client), []);
    });

    it('is of a topic, by star, by id, with options', limit, async () => {
      const note = await make('notes', { text: 'note' });
      const topic = `notes/${note.id}`;
      const client = await connect();
      const notes = client.collection('notes');
      const quiet = () => {};
      await notes.subscribe('*', quiet);
      await notes.subscribe(note.id, quiet);
      await notes.subscribe(note.id, quiet, { fields: 'text' });
      const change = async () => {
        await admin.collection('notes').update(note.id, { 'n+': 1 });
        return settled(client);
      };
      const [star, byId] = ['notes/* update note', `${topic} update note`];
      assert.deepEqual(await change(), [star, byId, byId]);
      await notes.unsubscribe('*');
      assert.deepEqual(await change(), [byId, byId]);
      await notes.unsubscribe(note.id); // the SDK takes those with options along
      assert.deepEqual(await change(), []);
      await notes.subscribe('*', quiet);
      assert.deepEqual(await change(), [star]);
    });

    it('is of a collection', limit, async () => {
      const note = await make('notes', { text: 'note' });
      const client = await connect();
      await Promise.all([`notes/${note.id}`, 'notes/*', 'listed/*'].map((topic) => listen(client, topic)));
      await client.collection('notes').unsubscribe();
      await admin.collection('notes').update(note.id, { n: 1 });
      await make('listed', { text: 'kept' });
      assert.deepEqual(await settled(client), ['listed/* create kept']);
    });

    it('is everything, which ends the stream', limit, async () => {
      const client = await connect();
      const calls = await listen(client, 'notes/*');
      const { clientId } = client.realtime;
      const ends = [];
      client.realtime.onDisconnect = (topics) => ends.push(topics);
      await client.realtime.unsubscribe();
      assert.equal(client.realtime.isConnected, false);
      assert.deepEqual(ends, [[]]);
      const subscribe = () => admin.send('/api/realtime', { method: 'POST', body: { clientId, subscriptions: [] } });
      await until('the server has no such client', () => subscribe().then(() => false, ({ status }) => status === 404));
      await connect(client);
      assert.notEqual(client.realtime.clientId, clientId);
      await make('notes', { text: 'unheard' });
      assert.deepEqual(await settled(client), []);
      assert.deepEqual(calls, []);
    });
  });

  describe('options', () => {
    it('filter', limit, async () => {
      const client = await connect();
      const calls = await listen(client, 'notes/*', { filter: client.filter('n > {:n}', { n: 5 }) });
      const { id } = await make('notes', { text: 'few', n: 5 });
      await make('notes', { text: 'many', n: 6 });
      assert.deepEqual(await settled(client), ['notes/* create many']);
      await admin.collection('notes').update(id, { n: 7 });
      await settled(client);
      await admin.collection('notes').update(id, { n: 4 });
      await admin.collection('notes').delete(id);
      assert.deepEqual(await settled(client), []);
      assert.deepEqual(said(calls), ['create many', 'update few']);
    });

    it('filter by what one may use', limit, async () => {
      const client = await connect();
      const boss = newClient();
      boss.authStore.save(admin.authStore.token, admin.authStore.record);
      await connect(boss);
      const filters = ['@request.auth.id != ""', '@collection.notes.text ?= text', 'nothing = 1', 'text = '];
      for (const filter of filters) {
        await listen(client, 'notes/*', { filter });
        await listen(boss, 'notes/*', { filter });
      }
      await make('notes', { text: 'filtered' });
      assert.deepEqual(await settled(client), []);
      const heard = 'notes/* create filtered';
      assert.deepEqual(await settled(boss), [heard, heard]);
    });

    it('expand as the caller may see', limit, async () => {
      const anna = await newUser();
      const [client, guest] = [await connectAs(anna), await connect()];
      const [mine, theirs] = [await listen(client, 'notes/*', { expand: 'owner' }), await listen(guest, 'notes/*', { expand: 'owner' })];
      await make('notes', { text: 'expanded', owner: anna.id });
      await settled(client);
      await settled(guest);
      assert.deepEqual(mine[0].record.expand.owner, await client.collection('users').getOne(anna.id));
      assert.equal(theirs[0].record.owner, anna.id);
      assert.deepEqual(theirs[0].record.expand ?? {}, {});
    });

    it('pick fields', limit, async () => {
      const anna = await newUser();
      const client = await connectAs(anna);
      const calls = await listen(client, 'notes/*', { fields: 'text,expand.owner.name', expand: 'owner' });
      await make('notes', { text: 'picked', owner: anna.id });
      await settled(client);
      assert.deepEqual(calls, [{ action: 'create', record: { text: 'picked', expand: { owner: { name: anna.name } } } }]);
    });

    it('carry headers to the rules', limit, async () => {
      const client = await connect();
      const right = await listen(client, 'tokens/*', { headers: { 'X-Token': 'right' } });
      const wrong = await listen(client, 'tokens/*', { headers: { 'X-Token': 'wrong' } });
      const none = await listen(client, 'tokens/*');
      await make('tokens', { text: 'right' });
      assert.deepEqual(await settled(client), ['tokens/* create right']);
      assert.deepEqual([right, wrong, none].map(said), [['create right'], [], []]);
    });

    it('carry a query to the rules', limit, async () => {
      const client = await connect();
      const [den, hall] = [await listen(client, 'rooms/*', { query: { room: 'den' } }), await listen(client, 'rooms/*', { room: 'hall' })];
      const number = await listen(client, 'rooms/*', { query: { room: 12 } });
      for (const text of ['den', 'hall', '12', 'attic']) await make('rooms', { text });
      assert.deepEqual(await settled(client), ['rooms/* create 12', 'rooms/* create den', 'rooms/* create hall']);
      assert.deepEqual([den, hall, number].map(said), [['create den'], ['create hall'], ['create 12']]);
    });
  });

  describe('who hears', () => {
    it('is whom the rule lets see: two users, a guest, a superuser', limit, async () => {
      const [anna, bob] = [await newUser(), await newUser()];
      const boss = newClient();
      boss.authStore.save(admin.authStore.token, admin.authStore.record);
      const clients = [await connectAs(anna), await connectAs(bob), await connect(), await connect(boss)];
      const [first, second] = [await make('own', { text: 'of anna', owner: anna.id }), await make('own', { text: 'of bob', owner: bob.id })];
      for (const client of clients)
        await Promise.all(['own/*', `own/${first.id}`, `own/${second.id}`].map((topic) => listen(client, topic)));
      for (const { id } of [first, second]) {
        await admin.collection('own').update(id, { n: 1 });
        await admin.collection('own').delete(id);
      }
      const of = ({ id }, name) =>
        ['own/* delete', 'own/* update', `own/${id} delete`, `own/${id} update`].map((what) => `${what} of ${name}`);
      const wanted = [of(first, 'anna'), of(second, 'bob'), [], [...of(first, 'anna'), ...of(second, 'bob')]];
      for (const [n, client] of clients.entries()) assert.deepEqual(await settled(client), wanted[n].sort());
    });

    it('is who has it now, when a record changes hands', limit, async () => {
      const [anna, bob] = [await newUser(), await newUser()];
      const clients = [await connectAs(anna), await connectAs(bob)];
      for (const client of clients) await listen(client, 'own/*');
      const { id } = await make('own', { text: 'gift', owner: anna.id });
      await admin.collection('own').update(id, { owner: bob.id });
      assert.deepEqual(await settled(clients[0]), ['own/* create gift']);
      assert.deepEqual(await settled(clients[1]), ['own/* update gift']);
    });

    it('is nobody but superusers where there is no rule', limit, async () => {
      const client = await connectAs(await newUser());
      const some = {};
      for (const name of ['locked', 'listed', 'viewed']) {
        some[name] = await make(name, { text: name });
        await Promise.all(['*', some[name].id].map((what) => listen(client, `${name}/${what}`)));
      }
      for (const topic of ['nothing/*', 'Notes/*', '_superusers/*', 'notes/*/', '*', '*/*', 'custom']) await listen(client, topic);
      for (const [name, { id }] of Object.entries(some)) await admin.collection(name).update(id, { n: 1 });
      await admin.collection('_superusers').create({ email: 'other@example.com', password, passwordConfirm: password });
      await make('notes', { text: 'unasked' });
      assert.deepEqual(await settled(client), ['listed/* update listed', `viewed/${some.viewed.id} update viewed`].sort());
      const boss = newClient();
      boss.authStore.save(admin.authStore.token, admin.authStore.record);
      await connect(boss);
      await listen(boss, 'locked/*');
      await make('locked', { text: 'for the boss' });
      assert.deepEqual(await settled(boss), ['locked/* create for the boss']);
    });
  });

  describe('a caller that changes', () => {
    // The SDK tells the server who it is with the next change of its topics, not before.
    const tellAnew = (client) => listen(client, 'PB_CONNECT');

    async function listener() {
      const user = await newUser();
      const client = await connectAs(user);
      await listen(client, 'own/*');
      await listen(client, 'notes/*');
      return [client, user];
    }

    // The client hears of the user's own, or only of what is for all; and of what happened before.
    async function hearsOwn(client, user, ...others) {
      const forAll = ['notes/* create for all', ...others].sort();
      await make('own', { text: 'own', owner: user.id });
      await make('notes', { text: 'for all' });
      const heard = await settled(client);
      const isHeard = heard.length > forAll.length;
      assert.deepEqual(heard, (isHeard ? [...forAll, 'own/* create own'] : forAll).sort());
      return isHeard;
    }

    it('logs in after it has subscribed', limit, async () => {
      const user = await newUser();
      const client = await connect();
      await listen(client, 'own/*');
      await listen(client, 'notes/*');
      const { clientId } = client.realtime;
      await user.login(client);
      assert.equal(await hearsOwn(client, user), false);
      await tellAnew(client);
      assert.equal(client.realtime.clientId, clientId);
      assert.equal(await hearsOwn(client, user), true);
    });

    it('logs out: is who it was until it leaves', limit, async () => {
      const [client, user] = await listener();
      const { clientId } = client.realtime;
      client.authStore.clear();
      assert.equal(await hearsOwn(client, user), true);
      const error = await refused(listen(client, 'listed/*'));
      assert.equal(error.status, 403);
      assert.equal(error.response.message, "The current and the previous request authorization don't match.");
      await make('listed', { text: 'refused' });
      assert.equal(await hearsOwn(client, user), true);
      await client.realtime.unsubscribe();
      await Promise.all(['marks/*', 'own/*', 'notes/*'].map((topic) => listen(client, topic)));
      assert.notEqual(client.realtime.clientId, clientId);
      assert.equal(await hearsOwn(client, user), false);
    });

    it('becomes another user, who has to connect anew', limit, async () => {
      const [client, user] = await listener();
      const other = await newUser();
      await other.login(client);
      assert.equal((await refused(tellAnew(client))).status, 403);
      assert.equal(await hearsOwn(client, other), false);
      assert.equal(await hearsOwn(client, user), true);
      await client.realtime.unsubscribe();
      await Promise.all(['marks/*', 'own/*', 'notes/*'].map((topic) => listen(client, topic)));
      assert.equal(await hearsOwn(client, other), true);
      assert.equal(await hearsOwn(client, user), false);
    });

    it('logs in again as the same user', limit, async () => {
      const [client, user] = await listener();
      const { clientId } = client.realtime;
      client.authStore.clear();
      await user.login(client);
      await tellAnew(client);
      assert.equal(client.realtime.clientId, clientId);
      assert.equal(await hearsOwn(client, user), true);
    });

    it('has a new password: a guest until it logs in with it', limit, async () => {
      const [client, user] = await listener();
      const secret = 'another-secret';
      await client.collection('users').update(user.id, { oldPassword: password, password: secret, passwordConfirm: secret });
      assert.equal(await hearsOwn(client, user), false);
      await tellAnew(client); // with the old token: a guest's
      assert.equal(await hearsOwn(client, user), false);
      await user.login(client, secret);
      await listen(client, 'listed/*');
      assert.equal(await hearsOwn(client, user), true);
    });

    it('is deleted: a guest, who may become another', limit, async () => {
      const [client, user] = await listener();
      const topic = `users/${user.id}`;
      await listen(client, topic);
      await admin.collection('users').update(user.id, { name: 'renamed' });
      assert.equal(await hearsOwn(client, user, `${topic} update `), true);
      await admin.collection('users').delete(user.id);
      await make('own', { text: 'of nobody' });
      await make('notes', { text: 'for all' });
      assert.deepEqual(await settled(client), ['notes/* create for all', `${topic} delete `]);
      const other = await newUser();
      await other.login(client);
      await tellAnew(client);
      assert.equal(await hearsOwn(client, other), true);
    });

    it('hears of its deletion and of what goes with it first of all', limit, async () => {
      const user = await newUser();
      const client = await connectAs(user);
      await make('parts', { text: 'part', owner: user.id });
      const topic = `users/${user.id}`;
      await Promise.all(['parts/*', topic].map((one) => listen(client, one)));
      await client.collection('users').delete(user.id);
      assert.deepEqual(await settled(client), ['parts/* delete part', `${topic} delete `]);
    });

    it('is another by what its record says', limit, async () => {
      const [client, user] = await listener();
      await admin.collections.update('rooms', { viewRule: '@request.auth.name = text && @request.auth.verified = true' });
      const { id } = await make('rooms', { text: 'renamed' });
      await listen(client, `rooms/${id}`);
      const hearsRoom = async () => {
        await admin.collection('rooms').update(id, { 'n+': 1 });
        return settled(client);
      };
      assert.deepEqual(await hearsRoom(), []);
      await admin.collection('users').update(user.id, { name: 'renamed' });
      assert.deepEqual(await hearsRoom(), []);
      await admin.collection('users').update(user.id, { verified: true });
      assert.deepEqual(await hearsRoom(), [`rooms/${id} update renamed`]);
      await admin.collection('users').update(user.id, { verified: false });
      assert.deepEqual(await hearsRoom(), []);
    });
  });

  describe('limits', () => {
    const topics = (n) => Array.from({ length: n }, (_, at) => `notes/${String(at).padStart(15, '0')}`);
    const tooLong = 'validation_length_too_long';

    it(`are ${most} subscriptions, and what there was stays`, limit, async () => {
      const { id } = await make('notes', { text: 'last' });
      const client = newClient();
      const all = ['marks/*', ...topics(most - 2), `notes/${id}`];
      const calls = await Promise.all(all.map((topic) => listen(client, topic)));
      await admin.collection('notes').update(id, { n: 1 });
      assert.deepEqual(await settled(client), [`notes/${id} update last`]);
      assert.deepEqual(said(calls.at(-1)), ['update last']);

      const error = await refused(listen(client, 'listed/*'));
      assert.equal(error.status, 400);
      assert.equal(error.response.data.subscriptions.code, tooLong);
      await make('listed', { text: 'refused' });
      await admin.collection('notes').update(id, { n: 2 });
      assert.deepEqual(await settled(client), [`notes/${id} update last`]);

      await client.realtime.unsubscribe(all[1]);
      await make('listed', { text: 'in its place' });
      assert.deepEqual(await settled(client), ['listed/* create in its place']);
    });

    it(`are ${most} subscriptions of who connects`, limit, async () => {
      const client = newClient();
      const errors = await Promise.all(topics(most + 1).map((topic) => refused(listen(client, topic))));
      assert.equal(errors[0].status, 400);
      assert.equal(errors[0].response.data.subscriptions.code, tooLong);
      assert.equal(client.realtime.isConnected, false);
    });

    it(`are ${longest} bytes of one`, limit, async () => {
      const client = await connect();
      const spare = longest - 'notes/*?options='.length - encodeURIComponent('{"query":{"filter":"text=\'\'"}}').length;
      const filter = (n) => ({ filter: `text='${'x'.repeat(n)}'` });
      await listen(client, 'notes/*', filter(spare));
      const text = 'x'.repeat(spare);
      await make('notes', { text });
      assert.deepEqual(await settled(client), [`notes/* create ${text}`]);
      const error = await refused(listen(client, 'notes/*', filter(spare + 1)));
      assert.equal(error.status, 400);
      assert.equal(error.response.data.subscriptions[2].code, tooLong);
    });
  });
});

// --- a server that goes and comes back -----------------------------------------------------------

// Connected comes before subscribed, and tells nothing of it: until each has heard of a mark.
async function subscribed(clients) {
  await until('all are subscribed again', async () => {
    await admin.collection('marks').create({});
    return clients.every((client) => client.realtime.eventSource.events.some(({ type }) => type === 'marks/*'));
  });
}

describe('realtime, a server that goes and comes back', () => {
  let running;

  before(async () => {
    await start();
    running = server;
  });
  afterEach(leave);
  after(async () => {
    await running.end();
    server.remove();
  });

  it('is found again, by who one was', limit, async () => {
    const user = await newUser();
    const client = await connectAs(user);
    const connects = await listen(client, 'PB_CONNECT');
    const calls = await listen(client, 'own/*');
    const filtered = await listen(client, 'notes/*', { filter: 'n > 1' });
    const { clientId } = client.realtime;
    const ends = [];
    client.realtime.onDisconnect = (topics) => ends.push(topics.map((topic) => topic.split('?')[0]));
    await make('own', { text: 'before', owner: user.id });
    assert.deepEqual(await settled(client), ['own/* create before']);

    await running.end();
    await until('the client notices', () => !client.realtime.isConnected);
    assert.deepEqual(ends, [['marks/*', 'PB_CONNECT', 'own/*', 'notes/*']]);
    const meanwhile = await listen(client, 'listed/*'); // sent once it is connected
    running = await startAgain(server);
    await make('own', { text: 'missed?', owner: user.id }); // nobody promises that it is heard
    await until('the client is connected again', () => client.realtime.isConnected && connects.length > 0);

    assert.deepEqual(connects, [{ clientId: client.realtime.clientId }]);
    assert.notEqual(client.realtime.clientId, clientId);
    await subscribed([client]);
    await settled(client);
    for (const n of [1, 2]) await make('notes', { text: `note ${n}`, n });
    await make('own', { text: 'after', owner: user.id });
    await make('own', { text: 'of nobody' });
    await make('listed', { text: 'meanwhile' });
    assert.deepEqual(await settled(client), ['listed/* create meanwhile', 'notes/* create note 2', 'own/* create after']);
    assert.deepEqual(said(calls).filter((one) => !one.endsWith('missed?')), ['create after', 'create before']);
    assert.deepEqual([said(filtered), said(meanwhile)], [['create note 2'], ['create meanwhile']]);
    assert.equal(ends.length, 1);
  });

  it('is found again a second time, by many', limit, async () => {
    const clients = [];
    for (let n = 0; n < 20; n++) clients.push(await connect());
    const first = clients.map((client) => client.realtime.clientId);
    for (const client of clients) await listen(client, 'notes/*');
    await running.end();
    await until('all notice', () => clients.every((client) => !client.realtime.isConnected));
    running = await startAgain(server);
    await until('all are connected again', () => clients.every((client) => client.realtime.isConnected));
    const second = clients.map((client) => client.realtime.clientId);
    assert.equal(new Set([...first, ...second]).size, 2 * clients.length);
    await subscribed(clients);
    await make('notes', { text: 'to all' });
    for (const client of clients) assert.deepEqual((await settled(client)).slice(-1), ['notes/* create to all']);
  });
});
