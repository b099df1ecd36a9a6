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
