// Stored files through the official SDK: how they are sent, by which address, to whom; and thumbs.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, openAsBlob, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { jpeg, png, sizeOf } from './pictures.mjs';
import { root, startServer } from './server.mjs';
import { stored, useStorage } from './storage.mjs';

const sizes = ['70x50', '70x50t', '70x50b', '70x50f', '0x50', '70x0'];
let server;
let admin;
let anna;

before(async () => {
  server = await startServer('fresh');
  admin = server.client();
  await admin.collection('_superusers').authWithPassword(root.email, root.password);
  await useStorage(admin);
  await admin.collections.create({
    name: 'papers',
    type: 'base',
    viewRule: "@request.auth.name = 'Anna'",
    fields: [
      { name: 'scans', type: 'file', maxSelect: 5, maxSize: 20000000, thumbs: sizes },
      { name: 'secret', type: 'file', protected: true, thumbs: sizes },
    ],
  });
  anna = server.client();
  anna.authStore.save(server.token('anna'), null);
});

after(() => server.stop());

const papers = () => admin.collection('papers');
const bytes = async (url) => {
  const answer = await fetch(url);
  assert.equal(answer.status, 200, url);
  return Buffer.from(await answer.arrayBuffer());
};
const status = async (url) => (await fetch(url)).status;

describe('uploads', () => {
  it('of a Blob, a File and a file on disk come whole', async () => {
    const data = randomBytes(700000);
    const folder = mkdtempSync(join(tmpdir(), 'reeve-sdk-'));
    try {
      writeFileSync(join(folder, 'disk.bin'), data);
      const scans = [new Blob([data]), new File([data], 'file 1.bin'), await openAsBlob(join(folder, 'disk.bin'))];
      const made = await papers().create({ scans });
      assert.equal(made.scans.length, 3);
      assert.match(made.scans[1], /^file_1_[a-z0-9]{10}\.bin$/);
      for (const name of made.scans) assert.deepEqual(await bytes(admin.files.getURL(made, name)), data);
      assert.deepEqual(await stored(server, made, 3), [...made.scans].sort());
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('of a stream without a length come whole', async () => {
    const data = randomBytes(9000000);
    const form = new FormData();
    form.append('scans', new Blob([data]), 'stream.bin');
    const streamed = (url, config) => {
      const { body, headers } = new Request(url, { method: 'POST', body: config.body });
      const type = headers.get('content-type');
      return fetch(url, { ...config, headers: { ...config.headers, 'content-type': type }, body, duplex: 'half' });
    };
    const made = await papers().create(form, { fetch: streamed });
    assert.deepEqual(await bytes(admin.files.getURL(made, made.scans[0])), data);
  });

  it('are added, replaced and taken away, and so are their addresses', async () => {
    const made = await papers().create({ scans: [new File(['one'], 'one.txt')] });
    const added = await papers().update(made.id, { 'scans+': new File(['two'], 'two.txt') });
    assert.equal((await bytes(admin.files.getURL(added, added.scans[1]))).toString(), 'two');
    const fewer = await papers().update(made.id, { 'scans-': made.scans });
    assert.deepEqual(fewer.scans, [added.scans[1]]);
    assert.equal(await status(admin.files.getURL(made, made.scans[0])), 404);
    const replaced = await papers().update(made.id, { scans: [new File(['three'], 'three.txt')] });
    assert.equal(await status(admin.files.getURL(made, added.scans[1])), 404);
    assert.equal((await bytes(admin.files.getURL(replaced, replaced.scans[0]))).toString(), 'three');
    assert.deepEqual(await stored(server, made, 1), replaced.scans);
    await papers().delete(made.id);
    assert.equal(await status(admin.files.getURL(replaced, replaced.scans[0])), 404);
    assert.deepEqual(await stored(server, made, 0), []);
  });
});

describe('downloads', () => {
  it('are shown or saved as the address says', async () => {
    const made = await papers().create({ scans: [new File([png(20, 10)], 'a.png')] });
    const how = async (query) => {
      const answer = await fetch(admin.files.getURL(made, made.scans[0], query));
      await answer.arrayBuffer();
      return [answer.status, answer.headers.get('content-disposition'), answer.headers.get('content-type')];
    };
    assert.deepEqual(await how({}), [200, `inline; filename="${made.scans[0]}"`, 'image/png']);
    assert.deepEqual(await how({ download: true }), [200, `attachment; filename="${made.scans[0]}"`, 'image/png']);
    assert.deepEqual(await how({ download: false }), [200, `inline; filename="${made.scans[0]}"`, 'image/png']);
  });

  it('come in ranges', async () => {
    const data = randomBytes(50000);
    const made = await papers().create({ scans: [new Blob([data])] });
    const answer = await fetch(admin.files.getURL(made, made.scans[0]), { headers: { Range: 'bytes=100-30099' } });
    assert.equal(answer.status, 206);
    assert.equal(answer.headers.get('content-range'), 'bytes 100-30099/50000');
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), data.subarray(100, 30100));
  });

  it('of protected files ask for a token of somebody who may see the record', async () => {
    const made = await papers().create({ secret: new File(['hush'], 'secret.txt') });
    const url = (query) => admin.files.getURL(made, made.secret, query);
    assert.equal(await status(url()), 404);
    assert.equal(await status(url({ token: 'no token' })), 404);
    assert.equal(await status(url({ token: anna.authStore.token })), 404);
    for (const client of [admin, anna]) {
      const token = await client.files.getToken();
      assert.equal((await bytes(url({ token }))).toString(), 'hush');
    }
    const ben = server.client();
    ben.authStore.save(server.token('ben'), null);
    assert.equal(await status(url({ token: await ben.files.getToken() })), 404);
    await assert.rejects(server.client().files.getToken(), { status: 401 });
  });
});

describe('thumbs', () => {
  const pictures = [
    ['a PNG', 'png', png(150, 450), [[70, 50], [70, 50], [70, 50], [16, 50], [17, 50], [70, 210]]],
    ['a JPEG', 'jpeg', jpeg, [[70, 50], [70, 50], [70, 50], [70, 35], [100, 50], [70, 35]]],
  ];
  for (const [what, type, data, wanted] of pictures) {
    it(`of ${what} have the sizes that were asked for`, async () => {
      const made = await papers().create({ scans: [new File([data], `picture.${type}`)] });
      const [name] = made.scans;
      for (const [i, thumb] of sizes.entries()) {
        const url = admin.files.getURL(made, name, { thumb });
        const first = await bytes(url);
        assert.deepEqual(sizeOf(first), [type, ...wanted[i]], thumb);
        assert.deepEqual(await bytes(url), first, thumb);
      }
      assert.deepEqual(sizeOf(await bytes(admin.files.getURL(made, name, { thumb: '100x100' }))), [type, 100, 100]);
      assert.deepEqual(await bytes(admin.files.getURL(made, name, { thumb: '71x50' })), data);
      const all = [name, ...[...sizes, '100x100'].map((size) => `${size}_${name}`)];
      assert.deepEqual(await stored(server, made, all.length), all.sort());
      await papers().update(made.id, { scans: [] });
      assert.deepEqual(await stored(server, made, 0), []);
    });
  }

  it('of protected pictures are protected', async () => {
    const made = await papers().create({ secret: new File([png(200, 100)], 'secret.png') });
    const url = (query) => admin.files.getURL(made, made.secret, { thumb: '70x50', ...query });
    assert.equal(await status(url()), 404);
    const token = await anna.files.getToken();
    assert.deepEqual(sizeOf(await bytes(url({ token }))), ['png', 70, 50]);
    assert.equal(await status(url()), 404);
  });
});
