// The first steps of the README, as they stand there, on a directory with nothing but a superuser.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { root, startServer } from './server.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const readme = readFileSync(resolve(here, '../../README.md'), 'utf8');
let server;

before(async () => {
  server = await startServer('bare');
});

after(() => server.stop());

// The block of that language, for this server and its superuser.
function steps(language) {
  const found = readme.match(new RegExp('```' + language + '\\n([^]*?)```'));
  assert.ok(found, `a block of ${language}`);
  return found[1]
    .replaceAll('http://127.0.0.1:8090', server.url)
    .replaceAll('me@example.com', root.email)
    .replaceAll('a-long-password', root.password);
}

describe('first steps', () => {
  it('lead to a collection and a record by curl', () => {
    const done = spawnSync('bash', ['-euc', steps('sh')], { encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    assert.match(done.stdout, /"totalItems":1/);
    assert.match(done.stdout, /"items":\[\{"id":"[a-z0-9]{15}","title":"Hello"\}\]/);
  });

  it('lead there by the SDK, too', () => {
    const script = join(here, 'first-steps.mjs');
    try {
      writeFileSync(script, steps('js'));
      const done = spawnSync('node', [script], { encoding: 'utf8' });
      assert.equal(done.status, 0, done.stderr);
      assert.match(done.stdout, /title: 'Read the README'/);
    } finally {
      rmSync(script, { force: true });
    }
  });
});
