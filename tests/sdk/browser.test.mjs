// Realtime in a real browser, by the official SDK as pages have it, from another origin than the
// server's: subscriptions, a server that is killed, and replay by the lines of docs/realtime.md.
// A page that complains of what its case does not expect fails that case.

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { hasBrowser, startBrowser } from './browser.mjs';
import { root, startAgain, startServer } from './server.mjs';
import { startProxy, until } from './support.mjs';

const limit = { timeout: 60000, skip: hasBrowser ? false : 'lack of chromium' }; // of a case; each wait has its own, which says what it was for
const password = '1234567890';

let server; // its directory and address
let running; // its process
let proxy;
let browser;
let admin;
let tab; // of the case
let expected; // what its page may complain of
let users = 0;

before(async () => {
  if (!hasBrowser) return;
  running = server = await startServer('bare');
  proxy = await startProxy(server.url);
  admin = server.client();
  await admin.collection('_superusers').authWithPassword(root.email, root.password);
  const own = 'owner != "" && owner = @request.auth.id';
  for (const [name, rule] of Object.entries({ notes: '', others: '', own, marks: '' }))
    await admin.collections.create({
      name,
      type: 'base',
      listRule: rule,
      viewRule: rule,
      fields: [
        { name: 'text', type: 'text' },
        { name: 'n', type: 'number' },
        { name: 'owner', type: 'relation', collectionId: '_pb_users_auth_' },
      ],
    });
  await admin.collections.update('users', { listRule: '', viewRule: '' });
  browser = await startBrowser();
});

after(async () => {
  await browser?.stop();
  await proxy?.stop();
  await running?.end();
  server?.remove();
});

afterEach(async () => {
  proxy?.mend();
  const { faults = [] } = tab ?? {};
  await tab?.close();
  tab = undefined;
  assert.deepEqual(faults.filter((fault) => !expected?.test(fault)), [], 'what the page complains of');
});

// --- pages ---------------------------------------------------------------------------------------

// A page with a client at that address; may: what it may complain of.
async function open(url = server.url, may = undefined) {
  expected = may;
  tab = await browser.open();
  await newClient('pb', url);
}

const newClient = (name, url, replays = false) =>
  tab.page.evaluate(([name, url, replays]) => {
    clients[name] = new PocketBase(url);
    if (replays) withReplay(clients[name], (topic) => resyncs.push(topic));
  }, [name, url, replays]);

const listen = (topic, options, name = 'pb') =>
  tab.page.evaluate(async ([topic, options, name]) => {
    const [collection, what] = topic.split('/');
    const hear = ({ action, record }) => heard.push({ name, topic, action, record });
    await clients[name].collection(collection).subscribe(what, hear, options);
  }, [topic, options, name]);

const unsubscribe = (collection, what) =>
  tab.page.evaluate(([collection, what]) => clients.pb.collection(collection).unsubscribe(what), [collection, what]);

const isConnected = (...names) =>
  tab.page.evaluate((names) => names.every((name) => clients[name].realtime.isConnected), names);
const isCut = (...names) =>
  tab.page.evaluate((names) => names.every((name) => !clients[name].realtime.isConnected), names);

const make = (collection, values) => admin.collection(collection).create(values);

// All that the client was told until a mark that is made now: events come in the order of writes.
async function settled(name = 'pb') {
  const { id } = await make('marks', {});
  await until(`${name} hears of the mark`, () =>
    tab.page.evaluate(([name, id]) => heard.some((one) => one.name === name && one.record.id === id), [name, id]));
  return tab.page.evaluate((name) => {
    const all = heard.filter((one) => one.name === name);
    heard = heard.filter((one) => one.name !== name);
    return all.filter(({ topic }) => topic !== 'marks/*');
  }, name);
}

const said = (events) => events.map(({ topic, action, record }) => `${topic} ${action} ${record.text}`);

// Connected comes before subscribed, and tells nothing of it: until it has heard of a mark.
async function subscribed(name = 'pb') {
  await until(`${name} is subscribed again`, async () => {
    await make('marks', {});
    return tab.page.evaluate((name) => heard.some((one) => one.name === name && one.topic === 'marks/*'), name);
  });
}

async function newUser() {
  const email = `user${++users}@example.com`;
  const { id } = await admin.collection('users').create({ email, name: `user ${users}`, password, passwordConfirm: password });
  return { id, email };
}

const logIn = ({ email }) =>
  tab.page.evaluate(([email, password]) => clients.pb.collection('users').authWithPassword(email, password).then(() => {}), [email, password]);

// --- cases ---------------------------------------------------------------------------------------

describe('realtime in a browser', () => {
  it('is what happens to any record, and to one', limit, async () => {
    const one = await make('notes', { text: 'one' });
    await open();
    for (const topic of ['marks/*', 'notes/*', `notes/${one.id}`]) await listen(topic);
    const other = await make('notes', { text: 'other', n: 1 });
    const changed = await admin.collection('notes').update(one.id, { text: 'changed' });
    await admin.collection('notes').delete(one.id);
    await admin.collection('notes').delete(other.id);
    const byId = `notes/${one.id}`;
    const events = await settled();
    assert.deepEqual(said(events.filter(({ topic }) => topic === 'notes/*')), [
      'notes/* create other',
      'notes/* update changed',
      'notes/* delete changed',
      'notes/* delete other',
    ]);
    assert.deepEqual(said(events.filter(({ topic }) => topic === byId)), [`${byId} update changed`, `${byId} delete changed`]);
    assert.deepEqual(events[0].record, other);
    assert.deepEqual(events.find(({ topic }) => topic === byId).record, changed);
  });

  it('is as the options are: filter, expand, fields', limit, async () => {
    const owner = await newUser();
    await open();
    await listen('marks/*');
    await listen('notes/*', { filter: 'n > 5', expand: 'owner', fields: 'text,expand.owner.id' });
    await make('notes', { text: 'few', n: 5, owner: owner.id });
    const { id } = await make('notes', { text: 'many', n: 6, owner: owner.id });
    await admin.collection('notes').update(id, { n: 4 });
    assert.deepEqual(await settled(), [
      { name: 'pb', topic: 'notes/*', action: 'create', record: { text: 'many', expand: { owner: { id: owner.id } } } },
    ]);
  });

  it('is of who logs in between two subscriptions, from the second on', limit, async () => {
    const [user, other] = [await newUser(), await newUser()];
    const write = async () => {
      for (const { id, email } of [user, other]) await make('own', { text: email, owner: id });
      return said(await settled());
    };
    await open(server.url, /status of 403/);
    await listen('marks/*');
    await listen('own/*');
    assert.deepEqual(await write(), []);
    await logIn(user);
    assert.deepEqual(await write(), []);
    await listen('notes/*');
    assert.deepEqual(await write(), [`own/* create ${user.email}`]);
    await logIn(other);
    const refused = await tab.page.evaluate(() => clients.pb.collection('others').subscribe('*', () => {}).then(() => 0, ({ status }) => status));
    assert.equal(refused, 403);
    await tab.page.evaluate(() => clients.pb.realtime.unsubscribe());
    for (const topic of ['marks/*', 'own/*']) await listen(topic);
    assert.deepEqual(await write(), [`own/* create ${other.email}`]);
  });

  it('is no more what was taken back', limit, async () => {
    const note = await make('notes', { text: 'note' });
    const topics = ['notes/*', `notes/${note.id}`];
    await open();
    for (const topic of ['marks/*', ...topics]) await listen(topic);
    const change = async () => {
      await admin.collection('notes').update(note.id, { 'n+': 1 });
      return (await settled()).map(({ topic }) => topic).sort();
    };
    assert.deepEqual(await change(), topics);
    await unsubscribe('notes', '*');
    assert.deepEqual(await change(), [topics[1]]);
    await unsubscribe('notes');
    assert.deepEqual(await change(), []);
    await tab.page.evaluate(() => clients.pb.realtime.unsubscribe());
    assert.equal(await isConnected('pb'), false);
  });

  it('goes on when the server was killed and has come back', limit, async () => {
    const user = await newUser();
    await open(server.url, /net::ERR_/);
    await logIn(user);
    for (const topic of ['marks/*', 'own/*']) await listen(topic);
    await listen('notes/*', { filter: 'n > 1' });
    await make('own', { text: 'before', owner: user.id });
    assert.deepEqual(said(await settled()), ['own/* create before']);
    await running.kill();
    await until('the page notices', () => isCut('pb'));
    running = await startAgain(server);
    await until('the page is connected again', () => isConnected('pb'));
    await subscribed();
    await settled();
    for (const n of [1, 2]) await make('notes', { text: `note ${n}`, n });
    await make('own', { text: 'after', owner: user.id });
    await make('own', { text: 'of nobody' });
    assert.deepEqual(said(await settled()), ['notes/* create note 2', 'own/* create after']);
  });
});

describe('replay in a browser', () => {
  const cutOff = /net::ERR_/;

  it('tells all that was missed', limit, async () => {
    const one = await make('notes', { text: 'one' });
    const byId = `notes/${one.id}`;
    await open(proxy.url, cutOff);
    await newClient('again', proxy.url, true);
    for (const name of ['pb', 'again']) {
      for (const topic of ['marks/*', byId, 'others/*']) await listen(topic, undefined, name);
      await listen('notes/*', { filter: 'n > 5', fields: 'text' }, name);
      assert.deepEqual(await settled(name), []);
    }
    for (let round = 1; round <= 2; round++) {
      await settled('again');
      proxy.cut();
      await until('the page notices', () => isCut('pb', 'again'));
      await admin.collection('notes').update(one.id, { text: `one ${round}` });
      for (const n of [5, 6, 7]) await make('notes', { text: `${n}`, n });
      const other = await make('others', { text: 'other' });
      await admin.collection('others').delete(other.id);
      proxy.mend();
      await until('the page is connected again', () => isConnected('pb', 'again'));
      await until('what was missed comes by itself', () =>
        tab.page.evaluate(() => heard.filter(({ name }) => name === 'again').length >= 5));
      assert.deepEqual(said(await settled('again')).sort(), [
        'notes/* create 6',
        'notes/* create 7',
        `${byId} update one ${round}`,
        'others/* create other',
        'others/* delete other',
      ].sort());
    }
    await subscribed('pb');
    assert.deepEqual(await settled('pb'), [], 'what is missed without replay');
    assert.deepEqual(await tab.page.evaluate(() => resyncs), []);
  });

  // Some of the cuts come while what was missed is being told.
  it('loses nothing where the connection is cut while much is written', limit, async () => {
    await open(proxy.url, cutOff);
    await newClient('again', proxy.url, true);
    for (const topic of ['marks/*', 'notes/*', 'others/*']) await listen(topic, undefined, 'again');
    assert.deepEqual(await settled('again'), []);
    const made = { 'notes/*': [], 'others/*': [] };
    let n = 0;
    let isOver = false;
    const writing = (async () => {
      for (; !isOver; n++)
        for (const collection of ['notes', 'others'])
          made[`${collection}/*`].push((await make(collection, { text: `${n}` })).id);
    })();
    const written = (most) => until(`${most} of each are written`, () => n >= most);
    try {
      await written(10);
      for (let round = 1; round <= 5; round++) {
        proxy.cut();
        await until('the page notices', () => isCut('again'));
        await written(n + 20);
        proxy.mend();
        await until('the page is connected again', () => isConnected('again'));
      }
    } finally {
      isOver = true;
      await writing;
    }
    const events = await settled('again');
    for (const topic in made) {
      const ids = events.filter((one) => one.topic === topic).map(({ record }) => record.id);
      assert.deepEqual([...new Set(ids)], made[topic]);
    }
    assert.deepEqual(await tab.page.evaluate(() => resyncs), []);
  });

  it('connects again where a stream ends before its subscriptions are answered', limit, async () => {
    await open(proxy.url, cutOff);
    await newClient('again', proxy.url, true);
    for (const topic of ['marks/*', 'notes/*']) await listen(topic, undefined, 'again');
    assert.deepEqual(await settled('again'), []);
    await tab.page.evaluate(() => {
      const { fetch } = globalThis;
      globalThis.fetch = (url, options) => {
        if (!`${url}`.endsWith('/api/realtime')) return fetch(url, options);
        globalThis.fetch = fetch;
        globalThis.isHeld = true;
        return new Promise((done, failed) =>
          options.signal.addEventListener('abort', () => failed(new DOMException('', 'AbortError'))));
      };
    });
    proxy.cut();
    await until('the page notices', () => isCut('again'));
    await make('notes', { text: 'missed' });
    proxy.mend();
    await until('the page subscribes again', () => tab.page.evaluate(() => globalThis.isHeld));
    proxy.cut();
    await until('the page notices that, too', () => isCut('again'));
    proxy.mend();
    await until('the page is connected again', () => isConnected('again'));
    assert.deepEqual(said(await settled('again')), ['notes/* create missed']);
  });

  it('tells it to read again where the server is another', limit, async () => {
    const shown = () => tab.page.evaluate(() => [...shownNotes.keys()].sort());
    const there = async () => (await admin.collection('notes').getFullList()).map(({ id }) => id).sort();
    const gone = await make('notes', { text: 'gone' });
    await open(proxy.url, cutOff);
    await newClient('again', proxy.url);
    await tab.page.evaluate(() => {
      const readers = {};
      withReplay(clients.again, (topic) => {
        resyncs.push(topic);
        readers[topic]?.();
      });
      readers['notes/*'] = follow(clients.again, 'notes', (notes) => (globalThis.shownNotes = notes));
    });
    for (const topic of ['marks/*', 'notes/*']) await listen(topic, undefined, 'again');
    await until('the list is shown', () => tab.page.evaluate(() => globalThis.shownNotes !== undefined));
    assert.deepEqual(await shown(), await there());
    await make('notes', { text: 'live' });
    assert.deepEqual(said(await settled('again')), ['notes/* create live']);
    assert.deepEqual(await shown(), await there());

    proxy.cut();
    await running.kill();
    await until('the page notices', () => isCut('again'));
    running = await startAgain(server);
    const missed = await make('notes', { text: 'missed' });
    await admin.collection('notes').delete(gone.id);
    proxy.mend();
    await until('the page is told so', () => tab.page.evaluate(() => resyncs.length >= 2));
    assert.deepEqual(await tab.page.evaluate(() => resyncs.sort()), ['marks/*', 'notes/*']);
    await until('it has read again', async () => (await shown()).includes(missed.id));
    assert.deepEqual(await shown(), await there());
    assert.deepEqual(said(await settled('again')), []);
    await make('notes', { text: 'after' });
    assert.deepEqual(said(await settled('again')), ['notes/* create after']);
    assert.deepEqual(await shown(), await there());
  });
});
