// The official SDK against a directory that the server itself has made.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { refused, root, startServer } from './server.mjs';

let server;
let guest;
let anna;
let admin;

before(async () => {
  server = await startServer('fresh');
  guest = server.client();
  anna = server.client();
  await anna.collection('users').authWithPassword('anna@example.com', '1234567890');
  admin = server.client();
  await admin.collection('_superusers').authWithPassword(root.email, root.password);
});

after(() => server.stop());

describe('health', () => {
  it('answers', async () => {
    const health = await guest.health.check();
    assert.equal(health.code, 200);
  });
});

describe('create, read, update, delete', () => {
  it('goes round once', async () => {
    const people = guest.collection('people');
    const made = await people.create({
      name: 'Fay',
      age: 30,
      active: true,
      born: new Date(Date.UTC(1990, 1, 3)),
      tags: ['red', 'blue'],
      meta: { a: [1, { b: null }], long: 'ž'.repeat(100) },
      home: { lon: 12.5, lat: -7.25 },
    });
    assert.match(made.id, /^[a-z0-9]{15}$/);
    assert.equal(made.collectionName, 'people');
    assert.equal(made.born, '1990-02-03 00:00:00.000Z');
    assert.deepEqual(made.tags, ['red', 'blue']);
    assert.deepEqual(made.home, { lon: 12.5, lat: -7.25 });
    assert.equal(made.secret, undefined);

    const read = await people.getOne(made.id);
    assert.deepEqual(read, made);

    const changed = await people.update(made.id, { 'age+': 2, 'tags-': 'red', mood: 'calm' });
    assert.equal(changed.age, 32);
    assert.deepEqual(changed.tags, ['blue']);
    assert.equal(changed.created, made.created);
    assert.ok(changed.updated >= made.updated);

    assert.equal(await people.delete(made.id), true);
    assert.equal((await refused(people.getOne(made.id))).status, 404);
  });

  it('takes an id of ours', async () => {
    const made = await guest.collection('entries').create({ id: 'idofourchoosing', title: 't' });
    assert.equal(made.id, 'idofourchoosing');
    const again = await refused(guest.collection('entries').create({ id: 'idofourchoosing' }));
    assert.equal(again.response.data.id.code, 'validation_not_unique');
  });

  it('keeps odd texts as they are', async () => {
    const text = 'a"b\\c\u0000\u0001</script>\u2028🐎\r\n\t';
    const made = await guest.collection('entries').create({ title: text.replace('\u0000', '') });
    const read = await guest.collection('entries').getOne(made.id);
    assert.equal(read.title, text.replace('\u0000', ''));
  });

  it('takes a form without files', async () => {
    const form = new FormData();
    form.append('title', 'from a form');
    form.append('n', '12.5');
    const made = await guest.collection('entries').create(form);
    assert.equal(made.title, 'from a form');
    assert.equal(made.n, 12.5);
  });

  it('names every field that is refused', async () => {
    const error = await refused(
      guest.collection('people').create({ name: '', age: -1, mail: 'none', mood: 'odd' }),
    );
    assert.equal(error.status, 400);
    assert.deepEqual(Object.keys(error.response.data).sort(), ['age', 'mail', 'mood', 'name']);
    assert.equal(error.response.data.name.code, 'validation_required');
  });

  it('refuses what must be unique', async () => {
    const error = await refused(guest.collection('people').create({ name: 'Ada' }));
    assert.equal(error.response.data.name.code, 'validation_not_unique');
  });

  it('survives many writers at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 200 }, (_, n) => guest.collection('entries').create({ title: 'many', n })),
    );
    assert.equal(new Set(made.map((entry) => entry.id)).size, 200);
    const list = await guest.collection('entries').getFullList({ filter: 'title = "many"', sort: 'n' });
    assert.deepEqual(list.map((entry) => entry.n), Array.from({ length: 200 }, (_, n) => n));
  });
});

describe('lists', () => {
  const names = async (options) => {
    const list = await guest.collection('people').getFullList({ sort: 'name', ...options });
    return list.map((person) => person.name);
  };

  it('pages', async () => {
    const first = await guest.collection('people').getList(1, 2, { sort: 'name' });
    assert.deepEqual(
      [first.page, first.perPage, first.totalItems, first.totalPages, first.items.length],
      [1, 2, 5, 3, 2],
    );
    const last = await guest.collection('people').getList(3, 2, { sort: 'name' });
    assert.deepEqual(last.items.map((person) => person.name), ['Eve "E"']);
    const uncounted = await guest.collection('people').getList(1, 2, { skipTotal: true });
    assert.deepEqual([uncounted.totalItems, uncounted.totalPages], [-1, -1]);
  });

  it('fetches a full list in batches', async () => {
    const list = await guest.collection('people').getFullList({ batch: 2, sort: '-name' });
    assert.deepEqual(list.map((person) => person.name), ['Eve "E"', 'Dan', 'Cyd', 'Bob', 'Ada']);
  });

  it('filters with bound values', async () => {
    const filter = guest.filter('name = {:name} || born = {:born}', {
      name: 'Eve "E"',
      born: new Date('2001-05-06T07:08:09.123Z'),
    });
    assert.deepEqual(await names({ filter }), ['Cyd', 'Eve "E"']);
  });

  it('filters by every kind of field', async () => {
    assert.deepEqual(await names({ filter: 'age >= 36 && active = true' }), ['Ada', 'Dan']);
    assert.deepEqual(await names({ filter: 'tags:length = 1' }), ['Cyd', 'Eve "E"']);
    assert.deepEqual(await names({ filter: 'tags:each ?= "green"' }), ['Ada', 'Dan', 'Eve "E"']);
    assert.deepEqual(await names({ filter: 'meta.level = 3' }), ['Ada']);
    assert.deepEqual(await names({ filter: 'born < "1900-01-01" && born != ""' }), ['Ada']);
    assert.deepEqual(
      await names({ filter: 'geoDistance(home.lon, home.lat, 23.32, 42.70) < 10' }),
      ['Cyd'],
    );
  });

  it('finds the first', async () => {
    const bob = await guest.collection('people').getFirstListItem('age = 41');
    assert.equal(bob.name, 'Bob');
    const none = await refused(guest.collection('people').getFirstListItem('age = 99'));
    assert.equal(none.status, 404);
  });

  it('sorts by more than one field', async () => {
    assert.deepEqual(await names({ sort: '-age,-name' }), ['Bob', 'Dan', 'Ada', 'Cyd', 'Eve "E"']);
  });

  it('refuses a filter that makes no sense', async () => {
    for (const filter of ['name =', 'nothing = 1', 'secret = "s1"', '((name = "a")', '"']) {
      assert.equal((await refused(guest.collection('people').getList(1, 5, { filter }))).status, 400);
    }
  });
});

describe('fields and expand', () => {
  it('picks', async () => {
    const ada = await guest.collection('people').getOne('person000000001', {
      fields: 'name,meta.langs,bio:excerpt(3,true)',
    });
    assert.deepEqual(ada, { name: 'Ada', meta: { langs: ['en', 'fr'] }, bio: 'Fir...' });
  });

  it('expands one, many, nested and back', async () => {
    const post = await anna.collection('posts').getOne('post00000000003', {
      expand: 'likes,parent.author,comments_via_post',
    });
    assert.deepEqual(post.expand.likes.map((person) => person.name), ['Cyd']);
    assert.equal(post.expand.parent.expand.author.name, 'Anna');
    assert.deepEqual(post.expand.comments_via_post.map((comment) => comment.text), ['Hm']);
  });

  it('expands only what the rules show', async () => {
    const post = await guest.collection('posts').getOne('post00000000001', { expand: 'author,likes' });
    assert.equal(post.expand.author, undefined);
    assert.equal(post.expand.likes.length, 2);
  });
});

describe('rules', () => {
  const titles = async (client) => {
    const list = await client.collection('posts').getFullList({ sort: 'id' });
    return list.map((post) => post.title);
  };

  it('show a guest what is published', async () => {
    assert.deepEqual(await titles(guest), ['Hello', 'Ben speaks', 'Orphan']);
    assert.equal((await refused(guest.collection('posts').getOne('post00000000002'))).status, 404);
  });

  it('show a user her own too', async () => {
    assert.deepEqual(await titles(anna), ['Hello', 'Draft', 'Ben speaks', 'Orphan']);
  });

  it('show a superuser everything', async () => {
    assert.equal((await titles(admin)).length, 5);
    const ada = await admin.collection('people').getOne('person000000001');
    assert.equal(ada.secret, 's1');
    assert.equal((await admin.collection('locked').getFullList()).length, 1);
  });

  it('keep what is locked', async () => {
    for (const client of [guest, anna]) {
      const locked = client.collection('locked');
      assert.equal((await refused(locked.getFullList())).status, 403);
      assert.equal((await refused(locked.create({ note: 'x' }))).status, 403);
      assert.equal((await refused(locked.update('locked000000001', { note: 'x' }))).status, 403);
      assert.equal((await refused(locked.delete('locked000000001'))).status, 403);
    }
  });

  it('let an author write, and nobody else', async () => {
    const author = anna.authStore.record.id;
    const draft = { title: 'mine', state: 'draft', author };
    assert.equal((await refused(guest.collection('posts').create(draft))).status, 400);
    const other = { ...draft, author: 'reeveben0000000' };
    assert.equal((await refused(anna.collection('posts').create(other))).status, 400);
    const made = await anna.collection('posts').create(draft);
    assert.equal((await refused(guest.collection('posts').update(made.id, { title: 'x' }))).status, 404);
    assert.equal((await anna.collection('posts').update(made.id, { title: 'x' })).title, 'x');
    assert.equal((await refused(guest.collection('posts').delete(made.id))).status, 404);
    assert.equal(await anna.collection('posts').delete(made.id), true);
  });

  it('follow relations', async () => {
    const comments = anna.collection('comments');
    const author = anna.authStore.record.id;
    const made = await comments.create({ post: 'post00000000003', author, text: 'good' });
    assert.equal(made.text, 'good');
    const onDraft = { post: 'post00000000002', author, text: 'no' };
    assert.equal((await refused(comments.create(onDraft))).status, 400);
  });
});

describe('auth', () => {
  it('refuses a wrong password', async () => {
    const client = server.client();
    const error = await refused(client.collection('users').authWithPassword('anna@example.com', 'x'));
    assert.equal(error.status, 400);
    assert.equal(client.authStore.isValid, false);
  });

  it('refreshes', async () => {
    const again = await anna.collection('users').authRefresh();
    assert.equal(again.record.email, 'anna@example.com');
    assert.ok(anna.authStore.isValid);
    const nobody = await refused(guest.collection('users').authRefresh());
    assert.equal(nobody.status, 401);
  });

  it('signs up, logs in, changes the password, leaves', async () => {
    const client = server.client();
    const users = client.collection('users');
    const made = await users.create({
      email: 'gil@example.com',
      password: 'first-password',
      passwordConfirm: 'first-password',
      name: 'Gil',
    });
    assert.equal(made.verified, false);
    assert.equal(made.password, undefined);
    assert.equal(made.tokenKey, undefined);
    await users.authWithPassword('gil@example.com', 'first-password');
    const old = client.authStore.token;
    await users.update(made.id, {
      oldPassword: 'first-password',
      password: 'second-password',
      passwordConfirm: 'second-password',
    });
    client.authStore.save(old, made);
    assert.equal((await refused(users.authRefresh())).status, 401);
    await users.authWithPassword('gil@example.com', 'second-password');
    assert.equal(await users.delete(made.id), true);
    assert.equal((await refused(users.authRefresh())).status, 401);
  });

  it('hides addresses from others', async () => {
    const list = await admin.collection('users').getFullList({ filter: 'name = "Ben"' });
    assert.equal(list[0].email, 'ben@example.com');
    const mine = await anna.collection('users').getFullList();
    assert.deepEqual(mine.map((user) => user.name), ['Anna']);
  });
});

describe('deleting', () => {
  it('takes what hangs on a record along, and clears references', async () => {
    const post = await admin.collection('posts').create({ title: 'p', state: 'published' });
    const child = await admin.collection('posts').create({
      title: 'c',
      state: 'published',
      parent: post.id,
    });
    const comment = await admin.collection('comments').create({ post: post.id, text: 't' });
    await admin.collection('posts').delete(post.id);
    assert.equal((await refused(admin.collection('comments').getOne(comment.id))).status, 404);
    assert.equal((await admin.collection('posts').getOne(child.id)).parent, '');
  });
});
