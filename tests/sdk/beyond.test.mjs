// What Reeve adds, through the official SDK: lists by cursor, groups, exports, entity tags.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { refused, root, startServer } from './server.mjs';

let server;
let admin;
let guest;
const coins = () => guest.collection('coins');

before(async () => {
  server = await startServer('fresh', { batches: true });
  guest = server.client();
  admin = server.client();
  await admin.collection('_superusers').authWithPassword(root.email, root.password);
  await admin.collections.create({
    name: 'coins',
    type: 'base',
    listRule: '',
    viewRule: '',
    createRule: '',
    updateRule: '',
    deleteRule: '',
    fields: [
      { name: 'metal', type: 'select', values: ['gold', 'silver', 'tin'] },
      { name: 'worth', type: 'number' },
    ],
  });
  const batch = guest.createBatch();
  for (let n = 0; n < 40; n += 1) {
    batch.collection('coins').create({ metal: ['gold', 'silver', 'tin'][n % 3], worth: n % 7 });
  }
  await batch.send();
});

after(() => server.stop());

describe('lists by cursor', () => {
  const walk = async (query, key = 'nextCursor', cursor = '') => {
    const pages = [];
    for (let next = cursor; next !== null; ) {
      const page = await coins().getList(1, 7, { ...query, skipTotal: true, query: { cursor: next } });
      pages.push(page.items);
      next = page[key];
    }
    return pages;
  };

  it('give the whole list, once', async () => {
    for (const sort of ['', 'worth', '-worth,metal', '@rowid']) {
      const whole = await coins().getFullList({ sort: sort ? `${sort},@rowid` : '@rowid' });
      const pages = await walk(sort ? { sort } : {});
      assert.equal(pages.flat().length, 40);
      assert.equal(new Set(pages.flat().map((coin) => coin.id)).size, 40);
      if (!sort.includes('-')) {
        assert.deepEqual(pages.flat(), whole);
      }
    }
  });

  it('go back the same way', async () => {
    const forward = await walk({ sort: '-worth', filter: 'metal != "tin"' });
    const back = await walk({ sort: '-worth', filter: 'metal != "tin"' }, 'prevCursor', 'last');
    assert.deepEqual(back.reverse().flat(), forward.flat());
  });

  it('begin at a value', async () => {
    const page = await coins().getList(1, 100, { sort: 'worth', query: { from: '5' } });
    assert.deepEqual(new Set(page.items.map((coin) => coin.worth)), new Set([5, 6]));
    assert.equal(page.totalItems, 40);
  });

  it('refuse what is no cursor, or one of another sort', async () => {
    const { nextCursor } = await coins().getList(1, 5, { sort: 'worth', query: { cursor: '' } });
    for (const [sort, cursor] of [['worth', 'x'], ['-worth', nextCursor]]) {
      const error = await refused(coins().getList(1, 5, { sort, query: { cursor } }));
      assert.equal(error.status, 400);
      assert.match(error.message, /cursor/);
    }
  });
});

describe('groups', () => {
  it('count and compute what a list shows', async () => {
    const all = await coins().getFullList({ filter: 'worth > 0' });
    const { items, totalItems } = await coins().getList(1, 30, {
      filter: 'worth > 0',
      sort: '-metal',
      query: { groupBy: 'metal', aggregate: 'count,sum:worth,avg:worth,min:worth,max:worth' },
    });
    assert.equal(totalItems, 3);
    assert.deepEqual(items.map((item) => item.metal), ['tin', 'silver', 'gold']);
    for (const item of items) {
      const worths = all.filter((coin) => coin.metal === item.metal).map((coin) => coin.worth);
      const sum = worths.reduce((a, b) => a + b, 0);
      assert.deepEqual(item, {
        metal: item.metal,
        count: worths.length,
        sum_worth: sum,
        avg_worth: sum / worths.length,
        min_worth: Math.min(...worths),
        max_worth: Math.max(...worths),
      });
    }
  });

  it('refuse what is no number', async () => {
    const error = await refused(coins().getList(1, 30, { query: { aggregate: 'sum:metal' } }));
    assert.equal(error.status, 400);
    assert.match(error.message, /metal.* is no number/);
  });
});

describe('exports', () => {
  const text = async (accept, path = '/api/collections/coins/records?sort=worth') =>
    (await fetch(guest.buildURL(path), { headers: { Accept: accept } })).text();

  it('are the list, a record a line', async () => {
    const lines = (await text('application/x-ndjson')).split('\n');
    assert.equal(lines.pop(), '');
    const list = await coins().getFullList({ sort: 'worth,@rowid' });
    assert.deepEqual(lines.map((line) => JSON.parse(line)), list);
  });

  it('are a table', async () => {
    const lines = (await text('text/csv', '/api/collections/coins/records?sort=worth&fields=metal,worth')).split('\r\n');
    assert.equal(lines[0], 'metal,worth');
    assert.equal(lines.length, 42);
    assert.match(lines[1], /^(gold|silver|tin),0$/);
  });
});

describe('entity tags', () => {
  const tagged = async (options) => {
    let tag;
    guest.afterSend = (response, data) => {
      tag = response.headers.get('etag');
      return data;
    };
    try {
      await coins().getOne(options.id, { headers: { 'If-None-Match': '' } });
    } finally {
      guest.afterSend = undefined;
    }
    return tag;
  };

  it('let the first of two writers win', async () => {
    const { id } = await coins().getFirstListItem('');
    const tag = await tagged({ id });
    const headers = { 'If-Match': tag };
    const results = await Promise.allSettled([1, 2].map((worth) => (
      server.client().collection('coins').update(id, { worth }, { headers, requestKey: null }))));
    assert.deepEqual(results.map((result) => result.reason?.status ?? 200).sort(), [200, 412]);
  });

  it('are compared for a request of a batch', async () => {
    const { id } = await coins().getFirstListItem('');
    const tag = await tagged({ id });
    await coins().update(id, { worth: 100 });
    const batch = guest.createBatch();
    batch.collection('coins').update(id, { worth: 101 }, { headers: { 'If-Match': tag } });
    const error = await refused(batch.send());
    assert.equal(error.response.data.requests[0].response.status, 412);
    assert.equal((await coins().getOne(id)).worth, 100);
  });

  it('are sent to nobody else', async () => {
    const { id } = await coins().getFirstListItem('');
    const answer = await fetch(guest.buildURL(`/api/collections/coins/records/${id}`));
    assert.equal(answer.headers.get('etag'), null);
  });
});
