// Batches through the official SDK: several writes, one transaction.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { refused, root, startServer } from './server.mjs';

let server;
let guest;
let anna;
let admin;

before(async () => {
  server = await startServer('fresh', { batches: true });
  guest = server.client();
  anna = server.client();
  await anna.collection('users').authWithPassword('anna@example.com', '1234567890');
  admin = server.client();
  await admin.collection('_superusers').authWithPassword(root.email, root.password);
});

after(() => server.stop());

describe('batches', () => {
  it('create, update, upsert and delete', async () => {
    const people = guest.collection('people');
    const old = await people.create({ name: 'old', age: 1 });
    const gone = await people.create({ name: 'gone' });
    const batch = guest.createBatch();
    batch.collection('people').create({ name: 'new', tags: ['red'], home: { lon: 1, lat: 2 } });
    batch.collection('people').update(old.id, { 'age+': 4 });
    batch.collection('people').upsert({ id: old.id, mood: 'calm' });
    batch.collection('people').upsert({ id: 'upsertedperson0', name: 'upserted' });
    batch.collection('people').delete(gone.id);
    const answers = await batch.send();
    assert.deepEqual(answers.map((answer) => answer.status), [200, 200, 200, 200, 204]);
    assert.deepEqual(answers[0].body, await people.getOne(answers[0].body.id));
    assert.deepEqual(answers[0].body.home, { lon: 1, lat: 2 });
    assert.equal(answers[1].body.age, 5);
    assert.equal(answers[2].body.mood, 'calm');
    assert.equal(answers[2].body.name, 'old');
    assert.equal(answers[3].body.id, 'upsertedperson0');
    assert.equal((await refused(people.getOne(gone.id))).status, 404);
  });

  it('undo everything when one fails', async () => {
    const batch = guest.createBatch();
    batch.collection('people').create({ name: 'undone' });
    batch.collection('people').delete('person000000001');
    batch.collection('people').create({ name: '' });
    batch.collection('people').create({ name: 'never tried' });
    const error = await refused(batch.send());
    assert.equal(error.status, 400);
    assert.deepEqual(Object.keys(error.response.data.requests), ['2']);
    const { code, response } = error.response.data.requests[2];
    assert.equal(code, 'batch_request_failed');
    assert.equal(response.data.name.code, 'validation_required');
    const list = await guest.collection('people').getFullList({ filter: 'name = "undone"' });
    assert.equal(list.length, 0);
    assert.equal((await guest.collection('people').getOne('person000000001')).name, 'Ada');
  });

  it('follow what earlier requests did', async () => {
    const batch = guest.createBatch();
    batch.collection('entries').create({ id: 'chainedentry000', title: 'one', n: 1 });
    batch.collection('entries').update('chainedentry000', { 'n+': 1 });
    batch.collection('entries').upsert({ id: 'chainedentry000', 'n+': 1 });
    batch.collection('entries').delete('chainedentry000');
    const answers = await batch.send();
    assert.deepEqual(answers.slice(0, 3).map((answer) => answer.body.n), [1, 2, 3]);
  });

  it('ask the rules of each as who sends them', async () => {
    const own = { title: 'Own', author: anna.authStore.record.id, state: 'draft' };
    const mine = anna.createBatch();
    mine.collection('posts').create(own, { expand: 'author', fields: 'title,expand.author.name' });
    assert.deepEqual((await mine.send())[0].body, { title: 'Own', expand: { author: { name: 'Anna' } } });
    const other = guest.createBatch();
    other.collection('posts').create(own);
    assert.equal((await refused(other.send())).response.data.requests[0].response.status, 400);
    const locked = anna.createBatch();
    locked.collection('locked').create({ note: 'x' });
    assert.equal((await refused(locked.send())).response.data.requests[0].response.status, 403);
    const allowed = admin.createBatch();
    allowed.collection('locked').create({ note: 'x' });
    assert.equal((await allowed.send())[0].body.note, 'x');
  });

  it('ask rules that look at what earlier requests have left', async () => {
    await admin.collections.create({
      name: 'rooms',
      type: 'base',
      createRule: '@request.auth.id != ""',
      fields: [{ name: 'name', type: 'text' }],
    });
    const owner = { type: 'relation', collectionId: '_pb_users_auth_' };
    const room = { name: 'room', type: 'relation', collectionId: (await admin.collections.getOne('rooms')).id };
    const joined = '@collection.seats.room ?= room && @collection.seats.user ?= @request.auth.id';
    await admin.collections.create({
      name: 'seats',
      type: 'base',
      createRule: 'user = @request.auth.id',
      deleteRule: 'user = @request.auth.id',
      fields: [{ name: 'user', ...owner }, room],
    });
    await admin.collections.create({
      name: 'messages',
      type: 'base',
      createRule: joined,
      fields: [{ name: 'text', type: 'text' }, room],
    });
    const [place, user] = ['roomofannas0000', anna.authStore.record.id];
    const enter = (batch) => {
      batch.collection('rooms').create({ id: place, name: 'den' });
      batch.collection('seats').create({ id: 'seatofanna00000', user, room: place });
    };
    const say = (batch) => batch.collection('messages').create({ text: 'hello', room: place });

    const early = anna.createBatch();
    say(early);
    enter(early);
    assert.deepEqual(Object.keys((await refused(early.send())).response.data.requests), ['0']);
    const late = anna.createBatch();
    enter(late);
    late.collection('seats').delete('seatofanna00000');
    say(late);
    const error = await refused(late.send());
    assert.deepEqual(Object.keys(error.response.data.requests), ['3']);
    assert.equal(error.response.data.requests[3].response.message, 'Failed to create record.');
    assert.equal((await refused(admin.collection('rooms').getOne(place))).status, 404);
    const inTime = anna.createBatch();
    enter(inTime);
    say(inTime);
    assert.deepEqual((await inTime.send()).map((answer) => answer.status), [200, 200, 200]);
  });

  it('carry files', async () => {
    const file = (name) => new File([`content of ${name}`], name);
    await admin.collections.create({
      name: 'papers',
      type: 'base',
      createRule: '',
      updateRule: '',
      viewRule: '',
      fields: [
        { name: 'title', type: 'text' },
        { name: 'cover', type: 'file' },
        { name: 'pages', type: 'file', maxSelect: 3, maxSize: 100 },
      ],
    });
    const first = guest.createBatch();
    first.collection('papers').create({ id: 'firstpaper00000', title: 'one', cover: file('a.txt'), pages: [file('b.txt'), file('c.txt')] });
    first.collection('papers').create({ title: 'none' });
    first.collection('papers').upsert({ id: 'otherpaper00000', title: 'two', cover: file('d.txt') });
    const [one, none, two] = (await first.send()).map((answer) => answer.body);
    assert.match(one.cover, /^a[a-z0-9_]*\.txt$/);
    assert.equal(one.pages.length, 2);
    assert.deepEqual([none.cover, none.pages], ['', []]);
    assert.match(two.cover, /^d[a-z0-9_]*\.txt$/);
    const content = async (record, name) => (await fetch(guest.files.getURL(record, name))).text();
    assert.equal(await content(one, one.pages[1]), 'content of c.txt');
    assert.equal(await content(two, two.cover), 'content of d.txt');

    const second = guest.createBatch();
    second.collection('papers').update(one.id, { 'pages+': file('e.txt'), 'pages-': one.pages[0] });
    second.collection('papers').upsert({ id: two.id, cover: null });
    const [added, emptied] = (await second.send()).map((answer) => answer.body);
    assert.deepEqual([added.pages.length, added.pages[0]], [2, one.pages[1]]);
    assert.equal(await content(added, added.pages[1]), 'content of e.txt');
    assert.deepEqual([emptied.cover, emptied.title], ['', 'two']);

    const third = guest.createBatch();
    third.collection('papers').create({ title: 'undone', cover: file('f.txt') });
    third.collection('papers').update(one.id, { 'pages+': new File(['x'.repeat(101)], 'large.txt') });
    const error = await refused(third.send());
    assert.deepEqual(Object.keys(error.response.data.requests), ['1']);
    assert.equal(error.response.data.requests[1].response.data.pages.code, 'validation_file_size_limit');
    assert.deepEqual((await guest.collection('papers').getOne(one.id)).pages, added.pages);
    assert.equal((await admin.collection('papers').getFullList({ filter: 'title = "undone"' })).length, 0);
  });

  it('make users that can log in', async () => {
    const batch = admin.createBatch();
    for (const name of ['x', 'y', 'z'])
      batch.collection('users').create({
        email: `${name}@example.com`,
        password: `${name}1234567890`,
        passwordConfirm: `${name}1234567890`,
      });
    await batch.send();
    for (const name of ['x', 'y', 'z'])
      await server.client().collection('users').authWithPassword(`${name}@example.com`, `${name}1234567890`);
  });

  it('have a limit', async () => {
    const batch = guest.createBatch();
    for (let n = 0; n < 51; n++) batch.collection('entries').create({ title: 'over' });
    const error = await refused(batch.send());
    assert.equal(error.response.data.requests.code, 'validation_length_too_long');
  });
});
