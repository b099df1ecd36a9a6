// A small shop by the official SDK: its schema made from nothing, used under its rules, changed under
// its data, carried to another server, and opened by PocketBase at last.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { hasReference, refused, root, startReference, startServer } from './server.mjs';

const password = '1234567890';
const totalsQuery = (goods, price, amount) => `
  SELECT o.id, o.user, COUNT(i.id) AS items, CAST(TOTAL(i.${amount} * p.${price}) AS REAL) AS total
  FROM orders o LEFT JOIN order_items i ON i.\`order\` = o.id LEFT JOIN ${goods} p ON p.id = i.product
  GROUP BY o.id`;
const photo = () => new File(['<svg xmlns="http://www.w3.org/2000/svg"/>'], 'photo.svg');

let server;
let admin;
const as = {}; // a client for each user
const ids = {}; // of users, products, orders by name

async function login(on) {
  const client = on.client();
  await client.collection('_superusers').authWithPassword(root.email, root.password);
  return client;
}

before(async () => {
  server = await startServer('bare');
  admin = await login(server);
});

after(() => server.remove());

// Changes fields by name: a function makes another of the field, null drops it; what is new is added.
async function changeFields(collection, changes, rest = {}) {
  const { fields } = await admin.collections.getOne(collection);
  const names = fields.map((one) => one.name);
  const kept = fields.flatMap((one) => {
    const change = changes[one.name];
    if (change === undefined) return [one];
    return change === null ? [] : [change(one)];
  });
  const added = Object.entries(changes).filter(([name]) => !names.includes(name));
  return admin.collections.update(collection, {
    fields: [...kept, ...added.map(([name, field]) => ({ name, ...field }))],
    ...rest,
  });
}

const sorted = (collection, client = admin, options = {}) =>
  client.collection(collection).getFullList({ sort: 'id', ...options });
const totals = async (client = admin) => {
  const list = await client.collection('order_totals').getFullList();
  return Object.fromEntries(list.map((one) => [one.id, [one.items, one.total]]));
};
const rightTotals = () => ({ [ids.first]: [2, 13], [ids.second]: [1, 40], [ids.empty]: [0, 0] });

describe('a shop', () => {
  it('has its schema made', async () => {
    const users = await changeFields(
      'users',
      { role: { type: 'select', values: ['buyer', 'seller', 'boss'] } },
      { createRule: '@request.body.role:isset = false', listRule: 'id = @request.auth.id', viewRule: 'id = @request.auth.id' },
    );
    const products = await admin.collections.create({
      name: 'products',
      type: 'base',
      listRule: '',
      viewRule: '',
      fields: [
        { name: 'name', type: 'text', required: true, max: 50 },
        { name: 'price', type: 'number', min: 0 },
        { name: 'photo', type: 'file', mimeTypes: ['image/svg+xml'] },
        { name: 'tags', type: 'select', values: ['new', 'sale', 'last'], maxSelect: 3 },
        { name: 'details', type: 'json' },
        { name: 'created', type: 'autodate', onCreate: true },
        { name: 'updated', type: 'autodate', onCreate: true, onUpdate: true },
      ],
      indexes: ['CREATE UNIQUE INDEX idx_products_name ON products (name)'],
    });
    const orders = await admin.collections.create({
      name: 'orders',
      type: 'base',
      listRule: 'user = @request.auth.id',
      viewRule: 'user = @request.auth.id',
      createRule: '@request.auth.id != "" && user = @request.auth.id && status = "open"',
      updateRule: 'user = @request.auth.id && status = "open"',
      fields: [
        { name: 'user', type: 'relation', collectionId: users.id, required: true },
        { name: 'status', type: 'select', values: ['open', 'paid', 'sent'], required: true },
      ],
    });
    const own = 'order.user = @request.auth.id';
    await admin.collections.create({
      name: 'order_items',
      type: 'base',
      listRule: own,
      viewRule: own,
      createRule: `${own} && order.status = "open"`,
      updateRule: `${own} && order.status = "open"`,
      deleteRule: `${own} && order.status = "open"`,
      fields: [
        { name: 'order', type: 'relation', collectionId: orders.id, required: true, cascadeDelete: true },
        { name: 'product', type: 'relation', collectionId: products.id, required: true, cascadeDelete: true },
        { name: 'amount', type: 'number', onlyInt: true, min: 1 },
      ],
      indexes: ['CREATE UNIQUE INDEX idx_once ON order_items (`order`, product)'],
    });
    const view = await admin.collections.create({
      name: 'order_totals',
      type: 'view',
      listRule: 'user = @request.auth.id',
      viewQuery: totalsQuery('products', 'price', 'amount'),
    });
    assert.deepEqual(view.fields.map((one) => `${one.name} ${one.type}`), ['id text', 'user relation', 'items number', 'total number']);
  });

  it('lets users in', async () => {
    const guest = server.client();
    for (const name of ['ann', 'ben']) {
      const form = { email: `${name}@example.com`, password, passwordConfirm: password, name };
      assert.equal((await refused(guest.collection('users').create({ ...form, role: 'boss' }))).status, 400);
      ids[name] = (await guest.collection('users').create(form)).id;
      as[name] = server.client();
      await as[name].collection('users').authWithPassword(form.email, password);
      await admin.collection('users').update(ids[name], { role: name === 'ann' ? 'buyer' : 'seller' });
      assert.deepEqual((await sorted('users', as[name])).map((one) => one.id), [ids[name]]);
    }
  });

  it('sells under its rules', async () => {
    const wares = [['pen', 1.5, ['new', 'sale']], ['book', 10, ['last']], ['lamp', 40, []]];
    for (const [name, price, tags] of wares) {
      const made = await admin.collection('products').create({ name, price, tags, photo: photo(), details: { size: [name.length] } });
      ids[name] = made.id;
    }
    assert.equal((await refused(as.ann.collection('products').create({ name: 'x' }))).status, 403);
    const again = await refused(admin.collection('products').create({ name: 'pen' }));
    assert.equal(again.response.data.name.code, 'validation_not_unique');

    const order = (who, user, status = 'open') => as[who].collection('orders').create({ user: ids[user], status });
    const item = (who, order, product, amount) =>
      as[who].collection('order_items').create({ order: ids[order], product: ids[product], amount });
    ids.first = (await order('ann', 'ann')).id;
    ids.second = (await order('ben', 'ben')).id;
    ids.empty = (await order('ben', 'ben')).id;
    assert.equal((await refused(order('ann', 'ben'))).status, 400);
    assert.equal((await refused(order('ann', 'ann', 'paid'))).status, 400);
    await item('ann', 'first', 'pen', 2);
    await item('ann', 'first', 'book', 1);
    await item('ben', 'second', 'lamp', 1);
    assert.equal((await refused(item('ann', 'second', 'pen', 1))).status, 400);
    assert.equal((await refused(item('ann', 'first', 'pen', 1))).status, 400);
    await admin.collection('orders').update(ids.first, { status: 'paid' });
    assert.equal((await refused(item('ann', 'first', 'lamp', 1))).status, 400);
    assert.equal((await refused(as.ann.collection('orders').update(ids.first, { status: 'open' }))).status, 404);
  });

  it('is read with expands and filters, and adds up', async () => {
    const [one] = await sorted('orders', as.ann, { expand: 'user,order_items_via_order.product' });
    assert.equal(one.expand.user.name, 'ann');
    const items = one.expand.order_items_via_order;
    assert.deepEqual(items.map((i) => `${i.amount} ${i.expand.product.name}`).sort(), ['1 book', '2 pen']);
    const dear = await sorted('orders', admin, { filter: 'order_items_via_order.product.price ?> 30' });
    assert.deepEqual(dear.map((o) => o.id), [ids.second]);
    assert.equal((await sorted('order_items', as.ben)).length, 1);
    assert.deepEqual(await totals(), rightTotals());
    assert.deepEqual(Object.keys(await totals(as.ann)), [ids.first]);
  });

  it('keeps its data when fields and collections take other names', async () => {
    const products = await sorted('products');
    await changeFields('products', { price: (field) => ({ ...field, name: 'cost' }) });
    await changeFields('order_items', { amount: (field) => ({ ...field, name: 'quantity' }) });
    assert.deepEqual(await totals(), rightTotals());
    const goods = await admin.collections.update('products', {
      name: 'goods',
      indexes: ['CREATE UNIQUE INDEX idx_products_name ON goods (name)'],
    });
    assert.deepEqual(await totals(), rightTotals());
    await admin.collections.update('order_totals', { viewQuery: totalsQuery('goods', 'cost', 'quantity') });
    assert.deepEqual(await totals(), rightTotals());
    const renamed = products.map(({ price, ...rest }) => ({ ...rest, cost: price, collectionName: 'goods' }));
    assert.deepEqual(await sorted('goods'), renamed);
    assert.equal(goods.id, products[0].collectionId);
    assert.equal((await refused(sorted('products'))).status, 404);
    assert.equal((await refused(sorted('goods', admin, { filter: 'price > 1' }))).status, 400);
    const [item] = await sorted('order_items', as.ben, { expand: 'product', filter: 'product.cost = 40' });
    assert.equal(item.expand.product.collectionName, 'goods');
  });

  it('keeps the rest when fields come and go', async () => {
    const before = await sorted('goods');
    await changeFields('goods', { details: null, weight: { type: 'number' }, origin: { type: 'text', max: 9 } });
    const bare = before.map(({ details, ...rest }) => ({ ...rest, weight: 0, origin: '' }));
    assert.deepEqual(await sorted('goods'), bare);
    await admin.collection('goods').update(ids.pen, { weight: 7, origin: 'here' });
    await changeFields('goods', { origin: null, details: { type: 'json' } });
    const pen = await admin.collection('goods').getOne(ids.pen);
    assert.deepEqual([pen.weight, pen.details, 'origin' in pen], [7, null, false]);
    // Two names change places.
    await changeFields('goods', {
      cost: (field) => ({ ...field, name: 'weight' }),
      weight: (field) => ({ ...field, name: 'cost' }),
    });
    const swapped = await admin.collection('goods').getOne(ids.pen);
    assert.deepEqual([swapped.cost, swapped.weight], [7, 1.5]);
    await changeFields('goods', {
      cost: (field) => ({ ...field, name: 'weight' }),
      weight: (field) => ({ ...field, name: 'cost' }),
    });
    await admin.collections.update('order_totals', { viewQuery: totalsQuery('goods', 'cost', 'quantity') });
    assert.deepEqual(await totals(), rightTotals());
  });

  it('makes one of many and many of one', async () => {
    const values = async (collection, key) => Object.fromEntries((await sorted(collection)).map((one) => [one.name, one[key]]));
    const select = (collection, key, maxSelect) => changeFields(collection, { [key]: (field) => ({ ...field, maxSelect }) });
    await select('goods', 'tags', 1);
    assert.deepEqual(await values('goods', 'tags'), { pen: 'sale', book: 'last', lamp: '' });
    await select('goods', 'tags', 3);
    assert.deepEqual(await values('goods', 'tags'), { pen: ['sale'], book: ['last'], lamp: [] });
    await select('users', 'role', 2);
    assert.deepEqual(await values('users', 'role'), { ann: ['buyer'], ben: ['seller'] });
    await admin.collection('users').update(ids.ben, { '+role': 'boss' });
    await select('users', 'role', 1);
    assert.deepEqual(await values('users', 'role'), { ann: 'buyer', ben: 'seller' });
    await select('goods', 'photo', 5);
    for (const one of await sorted('goods')) {
      assert.equal(one.photo.length, 1);
      assert.ok(existsSync(join(server.dir, 'storage', one.collectionId, one.id, one.photo[0])));
    }
    assert.deepEqual(await totals(), rightTotals());
  });

  it('takes other indexes and rules', async () => {
    await admin.collections.update('goods', { indexes: ['CREATE INDEX idx_cost ON goods (cost)'] });
    const twin = await admin.collection('goods').create({ name: 'pen', cost: 3 });
    const unique = ['CREATE UNIQUE INDEX idx_name ON goods (name)'];
    const error = await refused(admin.collections.update('goods', { indexes: unique }));
    assert.equal(error.response.data.indexes[0].code, 'validation_invalid_index_expression');
    await admin.collection('goods').delete(twin.id);
    assert.deepEqual((await admin.collections.update('goods', { indexes: unique })).indexes.length, 1);
    assert.equal((await refused(admin.collection('goods').create({ name: 'pen' }))).status, 400);

    await admin.collections.update('orders', { listRule: 'user = @request.auth.id || @request.auth.role = "seller"' });
    assert.equal((await sorted('orders', as.ben)).length, 3);
    assert.equal((await sorted('orders', as.ann)).length, 1);
    assert.equal((await refused(admin.collections.update('orders', { listRule: 'nosuch = 1' }))).status, 400);
    assert.equal((await sorted('orders', as.ben)).length, 3);
    await admin.collections.update('goods', { listRule: null });
    assert.equal((await refused(sorted('goods', as.ann))).status, 403);
    await admin.collections.update('goods', { listRule: '' });
  });

  it('is carried to another server', async () => {
    const other = await startServer('bare');
    try {
      const its = await login(other);
      const all = await admin.collections.getFullList();
      await its.collections.create({ name: 'not_there', type: 'base' });
      assert.equal(await its.collections.import(all, true), true);
      // Ids of a view's cloned fields are random, each time that it is saved.
      const steady = (field) => ({ ...field, id: field.id.replace(/^_clone_\w{4}$/, '_clone_') });
      const plain = (list) =>
        list
          .map(({ created, updated, ...rest }) => ({ ...rest, fields: rest.fields.map(steady) }))
          .sort((a, b) => (a.id < b.id ? -1 : 1));
      assert.deepEqual(plain(await its.collections.getFullList()), plain(all));
      const made = await its.collection('goods').create({ name: 'cup', cost: 2, tags: ['new'], photo: [photo()] });
      assert.deepEqual((await its.collection('goods').getOne(made.id)).tags, ['new']);
      assert.equal((await refused(its.collection('goods').create({ name: 'cup' }))).status, 400);
      assert.deepEqual(await its.collection('order_totals').getFullList(), []);
    } finally {
      await other.stop();
    }
  });

  it('has its types generated', () => {
    const out = join(server.dir, '..', 'types.ts');
    const tool = join(import.meta.dirname, 'node_modules/pocketbase-typegen/dist/cli.js');
    const done = spawnSync(process.execPath, [tool, '--url', server.url, '--email', root.email, '--password', root.password, '--out', out], {
      timeout: 60000,
    });
    assert.equal(done.status, 0, `${done.stdout}${done.stderr}`);
    const types = readFileSync(out, 'utf8');
    for (const text of ['Goods: "goods"', 'OrderTotals: "order_totals"', 'export type OrderItemsRecord = {', 'GoodsTagsOptions[]'])
      assert.ok(types.includes(text), text);
  });

  it('reads the same in PocketBase', async (t) => {
    const paths = [
      '/api/collections?perPage=500',
      '/api/collections/goods',
      '/api/collections/users/records?sort=email',
      '/api/collections/goods/records?sort=-cost&filter=(cost>1)',
      '/api/collections/orders/records?sort=id&expand=user,order_items_via_order.product',
      '/api/collections/order_items/records?sort=id&expand=order.user,product',
      '/api/collections/order_totals/records?sort=id&expand=user',
    ];
    const { token } = admin.authStore;
    const read = async (url) => {
      const texts = {};
      for (const path of paths) {
        const answer = await fetch(url + path, { headers: { Authorization: token } });
        texts[path] = `${answer.status} ${await answer.text()}`.trim();
      }
      return texts;
    };
    const ours = await read(server.url);
    for (const text of Object.values(ours)) assert.match(text, /^200 /);
    await server.end();
    if (!hasReference) return t.skip('PocketBase is not there (./dev differ installs it)');
    const reference = await startReference(server.dir);
    try {
      assert.deepEqual(await read(reference.url), ours);
    } finally {
      await reference.stop();
    }
  });
});
