// Collections through the official SDK: definitions, and the tables that follow them.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { refused, root, startServer } from './server.mjs';

let server;
let guest;
let admin;

before(async () => {
  server = await startServer('fresh');
  guest = server.client();
  admin = server.client();
  await admin.collection('_superusers').authWithPassword(root.email, root.password);
});

after(() => server.stop());

const open = { listRule: '', viewRule: '', createRule: '', updateRule: '', deleteRule: '' };
const field = (collection, name) => collection.fields.find((one) => one.name === name);

describe('collections', () => {
  it('are for superusers alone', async () => {
    assert.equal((await refused(guest.collections.getFullList())).status, 401);
    const anna = server.client();
    await anna.collection('users').authWithPassword('anna@example.com', '1234567890');
    assert.equal((await refused(anna.collections.getFullList())).status, 403);
  });

  it('are listed and viewed', async () => {
    const list = await admin.collections.getFullList({ sort: 'name', filter: 'system = false' });
    const names = list.map((one) => one.name);
    assert.ok(names.includes('people') && names.includes('post_stats') && !names.includes('_otps'));
    assert.deepEqual(names, [...names].sort());
    const people = await admin.collections.getOne('people');
    assert.deepEqual(await admin.collections.getOne(people.id), people);
    assert.equal(field(people, 'tags').maxSelect, 3);
    assert.equal((await refused(admin.collections.getOne('nosuch'))).status, 404);
  });

  it('go round once', async () => {
    const made = await admin.collections.create({
      ...open,
      name: 'books',
      type: 'base',
      fields: [
        { name: 'title', type: 'text', required: true, max: 20 },
        { name: 'pages', type: 'number', onlyInt: true },
        { name: 'genre', type: 'select', values: ['a', 'b'], maxSelect: 2 },
        { name: 'owner', type: 'relation', collectionId: (await admin.collections.getOne('users')).id },
        { name: 'made', type: 'autodate', onCreate: true },
      ],
      indexes: ['CREATE UNIQUE INDEX idx_books_title ON books (title)'],
    });
    assert.deepEqual(made.fields.map((one) => one.name), ['id', 'title', 'pages', 'genre', 'owner', 'made']);
    const books = guest.collection('books');
    const book = await books.create({ title: 'One', pages: 5, genre: ['a', 'b'] });
    assert.deepEqual(book.genre, ['a', 'b']);
    assert.equal((await refused(books.create({ title: 'One' }))).response.data.title.code, 'validation_not_unique');
    assert.equal((await refused(books.create({ title: '' }))).response.data.title.code, 'validation_required');

    const fields = made.fields
      .filter((one) => one.name !== 'made')
      .map((one) => (one.name === 'pages' ? { ...one, name: 'sheets' } : one))
      .map((one) => (one.name === 'genre' ? { ...one, maxSelect: 1 } : one))
      .concat({ name: 'note', type: 'text' });
    const changed = await admin.collections.update('books', { name: 'volumes', fields });
    assert.equal(changed.id, made.id);
    assert.match(changed.indexes[0], /volumes/);
    const kept = await guest.collection('volumes').getOne(book.id);
    assert.equal(kept.sheets, 5);
    assert.equal(kept.genre, 'b');
    assert.equal(kept.note, '');
    assert.ok(!('pages' in kept) && !('made' in kept));
    assert.equal((await refused(books.getOne(book.id))).status, 404);

    await guest.collection('volumes').create({ title: 'Two' });
    assert.equal(await admin.collections.truncate('volumes'), true);
    assert.equal((await guest.collection('volumes').getList()).totalItems, 0);
    assert.equal(await admin.collections.delete('volumes'), true);
    assert.equal((await refused(guest.collection('volumes').getList())).status, 404);
  });

  it('say which member is wrong', async () => {
    const error = await refused(
      admin.collections.create({
        name: 'people',
        type: 'base',
        listRule: 'nosuch = 1',
        fields: [{ name: 'x', type: 'select', values: [] }],
      }),
    );
    assert.equal(error.status, 400);
    assert.deepEqual(Object.keys(error.response.data).sort(), ["fields", "listRule", "name"]);
    assert.equal(error.response.data.fields[1].values.code, 'validation_required');
    const rule = await refused(admin.collections.update('entries', { listRule: 'nosuch = 1' }));
    assert.deepEqual(Object.keys(rule.response.data), ['listRule']);
  });

  it('take the domains that fields may name', async () => {
    const update = async (exceptDomains) => {
      const { fields } = await admin.collections.getOne('people');
      field({ fields }, 'site').exceptDomains = exceptDomains;
      return admin.collections.update('people', { fields });
    };
    const domains = ['bad.example', 'A.B.C', '9.com', 'a--b.com', `${'a'.repeat(63)}.com`];
    assert.deepEqual(field(await update(domains), 'site').exceptDomains, domains);
    for (const domain of ['a', 'a_b.com', 'a-.com', 'a.c1', 'a..b', 'a.com.', `${'a'.repeat(64)}.com`])
      assert.equal((await refused(update([domain]))).status, 400, domain);
  });

  it('leave everything as it was when a change fails', async () => {
    const before = await admin.collections.getOne('people');
    const fields = [...before.fields, { name: 'extra', type: 'text' }];
    const indexes = ['CREATE UNIQUE INDEX idx_people_age ON people (age)']; // two are 36
    assert.equal((await refused(admin.collections.update('people', { fields, indexes }))).status, 400);
    assert.deepEqual(await admin.collections.getOne('people'), before);
    assert.ok(!('extra' in (await guest.collection('people').getFirstListItem('name = "Ada"'))));
    assert.equal((await refused(guest.collection('people').create({ name: 'Ada' }))).status, 400);
  });

  it('guard what is referenced, and what the system needs', async () => {
    assert.equal((await refused(admin.collections.delete('users'))).status, 400);
    assert.equal((await refused(admin.collections.delete('_otps'))).status, 400);
    assert.equal((await refused(admin.collections.update('_otps', { name: 'otps' }))).status, 400);
  });

  it('show no secrets', async () => {
    const text = JSON.stringify(await admin.collections.getOne('users'));
    assert.ok(!/"secret":"[^"]/.test(text));
  });

  it('can be views', async () => {
    const view = await admin.collections.create({
      name: 'adults',
      type: 'view',
      listRule: '',
      viewQuery: 'SELECT id, name, age, (age * 2) AS twice FROM people WHERE age > 30',
    });
    assert.equal(field(view, 'age').type, 'number');
    const list = await guest.collection('adults').getFullList({ sort: 'name' });
    assert.deepEqual(list.map((one) => [one.name, one.age]), [['Ada', 36], ['Bob', 41], ['Dan', 36]]);
    assert.equal((await refused(admin.collections.update('adults', { viewQuery: 'DELETE FROM people' }))).status, 400);
    assert.equal((await guest.collection('adults').getFullList()).length, 3);
    await admin.collections.delete('adults');
  });

  it('start from scaffolds', async () => {
    const scaffolds = await admin.collections.getScaffolds();
    assert.deepEqual(Object.keys(scaffolds).sort(), ['auth', 'base', 'view']);
    const made = await admin.collections.create({ ...scaffolds.auth, name: 'members', createRule: '' });
    const form = { email: 'm@example.com', password: '1234567890', passwordConfirm: '1234567890' };
    const member = await guest.collection('members').create(form);
    const login = await server.client().collection('members').authWithPassword(form.email, form.password);
    assert.equal(login.record.id, member.id);
    await admin.collections.delete(made.id);
  });

  it('are imported, with and without what is missing', async () => {
    const all = await admin.collections.getFullList();
    const extra = { ...open, name: 'imported', type: 'base', fields: [{ name: 'a', type: 'text' }] };
    assert.equal(await admin.collections.import([extra], false), true);
    const made = await admin.collections.getOne('imported');
    const row = await guest.collection('imported').create({ a: 'kept' });
    await admin.collections.import([{ ...made, fields: [...made.fields, { name: 'b', type: 'number' }] }], false);
    assert.equal((await guest.collection('imported').getOne(row.id)).b, 0);
    assert.equal((await admin.collections.getFullList()).length, all.length + 1);
    await admin.collections.import(all, true);
    assert.equal((await refused(admin.collections.getOne('imported'))).status, 404);
    assert.equal((await guest.collection('people').getList()).totalItems, 5);
    assert.equal((await refused(admin.collections.import([{ name: 'bad name', type: 'base' }], false))).status, 400);
  });
});
