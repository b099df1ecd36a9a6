// Every construct of lists through the official SDK: filters, sorts, fields, expands, pages.

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

async function some(client, collection, key, filter, options) {
  const list = await client.collection(collection).getFullList({ sort: 'id', filter, ...options });
  return list.map((one) => one[key]).join(' ');
}

const people = (filter, options) => some(guest, 'people', 'name', filter, options);
const posts = async (filter, options) =>
  (await some(admin, 'posts', 'id', filter, options)).replaceAll('post0000000000', '');

describe('filters', () => {
  it('compare', async () => {
    assert.equal(await people('age = 36'), 'Ada Dan');
    assert.equal(await people('age != 36'), 'Bob Cyd Eve "E"');
    assert.equal(await people('age > 22 && age <= 36'), 'Ada Dan');
    assert.equal(await people('age >= 41 || age < 22'), 'Bob Eve "E"');
    assert.equal(await people('active = true && (mood = "cross" || age = 36)'), 'Ada Cyd Dan');
    assert.equal(await people('active = true && mood = "cross" || age = 41'), 'Bob Cyd');
    assert.equal(await people('36 = age'), 'Ada Dan');
    assert.equal(await people('score = 1000000000000000000000'), 'Eve "E"');
    assert.equal(await people('score < -3.2'), 'Bob');
  });

  it('know what is empty', async () => {
    assert.equal(await people('mail = ""'), 'Bob Cyd Eve "E"');
    assert.equal(await people('mail = null'), 'Bob Cyd Eve "E"');
    assert.equal(await people('meta = null'), 'Bob');
    assert.equal(await people('mail != "ada@example.com" && mail != ""'), 'Dan');
  });

  it('search in texts', async () => {
    assert.equal(await people('name ~ "D"'), 'Ada Cyd Dan');
    assert.equal(await people('name ~ "a%"'), 'Ada');
    assert.equal(await people('name !~ "a"'), 'Bob Cyd Eve "E"');
    assert.equal(await people('bio ~ "%_"'), 'Ada Dan Eve "E"');
    assert.equal(await people('bio ~ "100\\%\\_"'), 'Eve "E"');
    assert.equal(await people('"the Ada of old" ~ name'), 'Ada');
    assert.equal(await people('name = \'Eve "E"\' // said she'), 'Eve "E"');
  });

  it('look into lists', async () => {
    assert.equal(await people('tags:length > 1'), 'Ada Dan');
    assert.equal(await people('tags:each = "green"'), 'Eve "E"');
    assert.equal(await people('tags:each ?= "green"'), 'Ada Dan Eve "E"');
    assert.equal(await people('tags:each ?!= "green"'), 'Ada Bob Cyd Dan');
    assert.equal(await people('tags ~ "blue"'), 'Cyd Dan');
  });

  it('look into JSON and points', async () => {
    assert.equal(await people('meta.level = 3'), 'Ada');
    assert.equal(await people('meta.langs.1 = "fr"'), 'Ada');
    assert.equal(await people('meta.1 = 2'), 'Dan');
    assert.equal(await people('home.lat > 42'), 'Ada Cyd Dan');
    assert.equal(await people('geoDistance(home.lon, home.lat, 2.35, 48.85) < 400'), 'Ada Dan');
  });

  it('know modifiers, functions and macros', async () => {
    assert.equal(await people('name:lower = "ada"'), 'Ada');
    assert.equal(await people('strftime("%Y", born) = "1990"'), 'Dan');
    assert.equal(await people('born != "" && born < @now'), 'Ada Cyd Dan');
    assert.equal(await people('created < @todayStart && created > "2025"'), 'Ada Bob Cyd Dan Eve "E"');
    assert.equal(await people('@year >= 2025 && @month <= 12 && age = 41'), 'Bob');
  });

  it('follow relations', async () => {
    assert.equal(await posts('author.name = "Anna"'), '1 2');
    assert.equal(await posts('parent.parent.id != ""'), '5');
    assert.equal(await posts('likes.age ?= 36'), '1 4');
    assert.equal(await posts('likes.age = 36'), '4');
    assert.equal(await posts('likes:length = 2'), '1');
    assert.equal(await posts('comments_via_post.text ?~ "n"'), '1 2');
    assert.equal(await posts('comments_via_post.author.name ?= "Cora"'), '3');
    assert.equal(await posts('posts_via_parent.id ?!= ""'), '1 3');
  });

  it('look at other collections and at the caller', async () => {
    assert.equal(await posts('@collection.comments.post ?= id'), '1 2 3');
    assert.equal(
      await posts('@collection.comments:a.post ?= id && @collection.comments:a.text ?= "Hm"'),
      '3',
    );
    assert.equal(await posts('@request.query.want = "x" && state = "draft"', { want: 'x' }), '2 4');
    assert.equal(await posts('@request.query.other:isset = true'), '');
    for (const filter of ['@collection.comments.post ?= id', 'author = @request.auth.id'])
      assert.equal((await refused(some(anna, 'posts', 'id', filter))).status, 403, filter);
  });

  it('are refused when they make no sense', async () => {
    const bad = ['age', 'age =', 'age = 1 &&', 'age == 1', '(age = 1', 'age = 1)', 'nope = 1', 'name:nope = 1'];
    for (const filter of [...bad, 'name.x = 1', 'foo(1) = 1', 'age = 1e5', 'secret = "s1"'])
      assert.equal((await refused(people(filter))).status, 400, filter);
  });
});

describe('sorts', () => {
  it('go by fields, paths and modifiers', async () => {
    assert.equal(await people('', { sort: '-age,name' }), 'Bob Ada Dan Cyd Eve "E"');
    assert.equal(await people('', { sort: 'tags:length,-name' }), 'Bob Eve "E" Cyd Ada Dan');
    assert.equal(await people('', { sort: '-home.lat,id' }), 'Ada Dan Cyd Bob Eve "E"');
    assert.equal(await people('', { sort: '-@rowid' }), 'Eve "E" Dan Cyd Bob Ada');
    assert.equal(await posts('', { sort: 'author.name,-id' }), '5 2 1 4 3');
  });

  it('can be left to chance', async () => {
    const list = await people('', { sort: '@random' });
    assert.equal(list.split(/ (?!")/).sort().join(' '), 'Ada Bob Cyd Dan Eve "E"');
  });

  it('are refused when they make no sense', async () => {
    for (const sort of ['nope', '--age', 'age,,name', 'age desc', '@now', 'secret'])
      assert.equal((await refused(people('', { sort }))).status, 400, sort);
  });
});

describe('pages', () => {
  it('end where the list ends', async () => {
    const page = (number, size, options) => guest.collection('people').getList(number, size, options);
    const beyond = await page(9, 2, { sort: 'id' });
    assert.deepEqual([beyond.items.length, beyond.page, beyond.totalPages], [0, 9, 3]);
    const all = await page(1, 5000);
    assert.deepEqual([all.perPage, all.items.length], [1000, 5]);
    const least = await page(0, 2, { sort: 'id' });
    assert.deepEqual([least.page, least.items[0].name], [1, 'Ada']);
    const some = await page(2, 1, { filter: 'age = 36', sort: 'id' });
    assert.deepEqual([some.totalItems, some.items[0].name], [2, 'Dan']);
  });
});

describe('fields and expands', () => {
  it('are picked at every level', async () => {
    const page = await admin.collection('posts').getList(1, 1, {
      sort: 'id',
      expand: 'author,likes,comments_via_post.author',
      fields: 'id,expand.author.name,expand.likes.name,expand.comments_via_post.expand.author.name',
    });
    assert.deepEqual(page, {
      page: 1,
      perPage: 1,
      totalItems: 5,
      totalPages: 5,
      items: [
        {
          id: 'post00000000001',
          expand: {
            author: { name: 'Anna' },
            likes: [{ name: 'Ada' }, { name: 'Bob' }],
            comments_via_post: [{ expand: { author: { name: 'Ben' } } }, { expand: { author: { name: 'Anna' } } }],
          },
        },
      ],
    });
  });

  it('give excerpts', async () => {
    const [dan] = await guest.collection('people').getFullList({ filter: 'name = "Dan"', fields: 'bio:excerpt(7,true),*' });
    assert.equal(dan.bio, 'Dan & c...');
    assert.equal(dan.age, 36);
    const bad = guest.collection('people').getList(1, 1, { fields: 'bio:excerpt(0)' });
    assert.equal((await refused(bad)).status, 400);
  });

  it('leave out a path that fails, and keep the others', async () => {
    const [post] = await guest.collection('posts').getFullList({
      filter: 'id = "post00000000003"',
      expand: 'nope,author,parent.likes,title',
    });
    assert.deepEqual(Object.keys(post.expand), ['parent']);
    assert.equal(post.expand.parent.expand.likes.length, 2);
  });
});
