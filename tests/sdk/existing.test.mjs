// The official SDK against a copy of a directory that PocketBase has written.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { hasSampleData, refused, startServer } from './server.mjs';

const why = hasSampleData ? false : 'no sample directory beside this repository';

describe('an existing directory', { skip: why }, () => {
  let server;
  let guest;
  let user;
  let client;
  let admin;

  before(async () => {
    if (!hasSampleData) return;
    server = await startServer('sample');
    guest = server.client();
    user = server.client();
    user.authStore.save(server.token('test1'));
    user.authStore.save(user.authStore.token, (await user.collection('users').authRefresh()).record);
    client = server.client();
    await client.collection('clients').authWithPassword('test@example.com', '1234567890');
    admin = server.client();
    await admin.collection('_superusers').authWithPassword('test@example.com', '1234567890');
  });

  after(() => server?.stop());

  it('logs in by each identity field', async () => {
    const other = server.client();
    const byEmail = await other.collection('clients').authWithPassword('test@example.com', '1234567890');
    const byName = await other.collection('clients').authWithPassword('clients57772', '1234567890');
    assert.equal(byName.record.id, byEmail.record.id);
  });

  it('asks for the second factor where the collection does', async () => {
    const users = server.client().collection('users');
    const error = await refused(users.authWithPassword('test@example.com', '1234567890'));
    assert.equal(error.status, 401);
    assert.match(error.response.mfaId, /^[a-z0-9]{15}$/);
  });

  it('lists for guest, user and superuser', async () => {
    assert.equal((await guest.collection('demo2').getFullList()).length, 3);
    assert.equal((await refused(guest.collection('demo1').getFullList())).status, 403);
    assert.equal((await refused(user.collection('demo1').getFullList())).status, 403);
    assert.equal((await admin.collection('demo1').getFullList()).length, 3);
    assert.equal((await guest.collection('demo3').getFullList()).length, 0);
    assert.equal((await user.collection('demo3').getFullList()).length, 0);
    assert.equal((await client.collection('demo3').getFullList()).length, 4);
  });

  it('pages, sorts, filters and picks', async () => {
    const page = await admin.collection('demo1').getList(1, 2, {
      sort: '-number,id',
      filter: 'text != "" || number > 0',
      fields: 'id,text,number',
    });
    assert.equal(page.totalItems, 3);
    assert.deepEqual(Object.keys(page.items[0]).sort(), ['id', 'number', 'text']);
    assert.ok(page.items[0].number >= page.items[1].number);
  });

  it('reads files as names', async () => {
    const list = await admin.collection('demo1').getFullList({ filter: 'file_one != ""' });
    assert.ok(list.length > 0);
    assert.equal(typeof list[0].file_one, 'string');
  });

  it('expands relations both ways', async () => {
    const list = await admin.collection('demo4').getFullList({
      expand: 'rel_one_cascade,self_rel_many,demo4_via_self_rel_one',
      sort: 'created',
    });
    assert.equal(list.length, 2);
    const expanded = list.flatMap((record) => Object.keys(record.expand ?? {}));
    assert.ok(expanded.includes('rel_one_cascade'));
    assert.ok(expanded.includes('self_rel_many'));
    assert.ok(expanded.includes('demo4_via_self_rel_one'));
  });

  it('reads views', async () => {
    const list = await guest.collection('view2').getFullList({ sort: 'id' });
    assert.equal(list.length, 3);
    assert.equal((await refused(guest.collection('view2').create({ state: true }))).status, 400);
    assert.equal((await guest.collection('numeric_id_view').getOne('1')).id, '1');
  });

  it('writes what the rules allow', async () => {
    const made = await guest.collection('demo2').create({ title: 'from the SDK', active: true });
    assert.equal((await guest.collection('demo2').getOne(made.id)).title, 'from the SDK');
    await guest.collection('demo2').update(made.id, { active: false });
    await guest.collection('demo2').delete(made.id);
    assert.equal((await refused(guest.collection('demo2').getOne(made.id))).status, 404);
    assert.equal((await refused(guest.collection('demo3').create({ title: 'x' }))).status, 400);
    const own = await client.collection('demo3').create({ title: 'by a client' });
    assert.equal((await refused(user.collection('demo3').update(own.id, { title: 'x' }))).status, 404);
    assert.equal((await client.collection('demo3').update(own.id, { title: 'y' })).title, 'y');
  });

  it('honours the rules of one\'s own record', async () => {
    const own = user.authStore.record.id;
    assert.equal((await user.collection('users').getOne(own)).email, 'test@example.com');
    assert.equal((await refused(user.collection('users').getOne('oap640cot4yru2s'))).status, 404);
    const changed = await user.collection('users').update(own, { name: 'renamed' });
    assert.equal(changed.name, 'renamed');
  });
});
