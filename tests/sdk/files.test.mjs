// Files of records through the official SDK: what is uploaded, kept, added, taken away.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { refused, root, startServer } from './server.mjs';
import { stored, useStorage } from './storage.mjs';

let server;
let admin;

before(async () => {
  server = await startServer('fresh', { batches: true });
  admin = server.client();
  await admin.collection('_superusers').authWithPassword(root.email, root.password);
  await useStorage(admin);
  await admin.collections.create({
    name: 'albums',
    type: 'base',
    fields: [
      { name: 'title', type: 'text' },
      { name: 'cover', type: 'file', mimeTypes: ['image/svg+xml'] },
      { name: 'pages', type: 'file', maxSelect: 3, maxSize: 1000 },
    ],
  });
});

after(() => server.stop());

const albums = () => admin.collection('albums');
const svg = (name) => new File(['<svg xmlns="http://www.w3.org/2000/svg"/>'], name);
const text = (name, content = `content of ${name}`) => new File([content], name);
describe('files', () => {
  it('are uploaded under names of their own', async () => {
    const made = await albums().create({ title: 'one', cover: svg('My Cover.SVG'), pages: [text('a.txt'), text('b b.txt')] });
    assert.match(made.cover, /^my_cover_[a-z0-9]{10}\.SVG$/);
    assert.match(made.pages[0], /^a[a-z0-9]{10}_[a-z0-9]{10}\.txt$/);
    assert.match(made.pages[1], /^b_b_[a-z0-9]{10}\.txt$/);
    assert.deepEqual(await stored(server, made, 3), [made.cover, ...made.pages].sort());
    const kept = await fetch(admin.files.getURL(made, made.pages[1]));
    assert.equal(await kept.text(), 'content of b b.txt');
    assert.deepEqual(await albums().getOne(made.id), made);
  });

  it('are replaced, added, put first and taken away', async () => {
    const made = await albums().create({ cover: svg('old.svg'), pages: [text('one.txt')] });
    const replaced = await albums().update(made.id, { cover: svg('new.svg') });
    assert.match(replaced.cover, /^new_/);
    assert.deepEqual(replaced.pages, made.pages);
    const added = await albums().update(made.id, { 'pages+': [text('two.txt')] });
    assert.deepEqual(added.pages.map((name) => name.slice(0, 3)), ['one', 'two']);
    const first = await albums().update(made.id, { '+pages': [text('zero.txt')] });
    assert.deepEqual(first.pages.map((name) => name.slice(0, 3)), ['zer', 'one', 'two']);
    const fewer = await albums().update(made.id, { 'pages-': [made.pages[0]] });
    assert.deepEqual(fewer.pages.map((name) => name.slice(0, 3)), ['zer', 'two']);
    assert.deepEqual(await stored(server, made, 3), [replaced.cover, ...fewer.pages].sort());
    const kept = await albums().update(made.id, { pages: [fewer.pages[1]], cover: '' });
    assert.deepEqual([kept.pages, kept.cover], [[fewer.pages[1]], '']);
    assert.deepEqual(await stored(server, made, 1), kept.pages);
    const swapped = await albums().update(made.id, { pages: [text('last.txt')] });
    assert.deepEqual(await stored(server, made, 1), swapped.pages);
  });

  it('go with their record', async () => {
    const made = await albums().create({ cover: svg('a.svg') });
    assert.equal((await stored(server, made, 1)).length, 1);
    await albums().delete(made.id);
    assert.deepEqual(await stored(server, made, 0), []);
  });

  it('are refused by number, size and type', async () => {
    const items = async (body) => (await refused(albums().create(body))).response.data;
    const many = ['1', '2', '3', '4'].map((name) => text(`${name}.txt`));
    assert.equal((await items({ pages: many })).pages.code, 'validation_too_many_files');
    const large = text('large.txt', 'x'.repeat(1001));
    assert.equal((await items({ pages: [large] })).pages.code, 'validation_file_size_limit');
    assert.equal((await items({ cover: text('a.svg') })).cover.code, 'validation_invalid_mime_type');
    assert.equal((await items({ cover: 'no_such_file.svg' })).cover.code, 'validation_invalid_file');
  });

  it('come with batches', async () => {
    const made = await albums().create({ title: 'of a batch' });
    const batch = admin.createBatch();
    batch.collection('albums').create({ cover: svg('first.svg'), pages: [text('1.txt'), text('2.txt')] });
    batch.collection('albums').update(made.id, { 'pages+': text('added.txt') });
    batch.collection('albums').upsert({ id: made.id, cover: svg('upserted.svg') });
    const [one, two, three] = (await batch.send()).map((answer) => answer.body);
    assert.match(one.cover, /^first_/);
    assert.equal(one.pages.length, 2);
    assert.match(two.pages[0], /^added_/);
    assert.match(three.cover, /^upserted_/);
    assert.deepEqual(await stored(server, one, 3), [one.cover, ...one.pages].sort());
    assert.deepEqual(await stored(server, made, 2), [three.cover, ...three.pages].sort());
  });

  it('of a batch that fails are not kept', async () => {
    const made = await albums().create({ cover: svg('kept.svg') });
    const batch = admin.createBatch();
    batch.collection('albums').update(made.id, { cover: svg('dropped.svg'), pages: [text('dropped.txt')] });
    batch.collection('albums').delete('nosuchalbum0000');
    assert.equal((await refused(batch.send())).status, 400);
    assert.deepEqual(await stored(server, made, 1), [made.cover]);
    assert.equal((await albums().getOne(made.id)).cover, made.cover);
  });
});
