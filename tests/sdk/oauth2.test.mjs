// Signing in through another system by the official SDK, with a real provider: by code, by the flow over
// realtime, and by the popup of a browser.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { EventSource } from 'eventsource';
import { hasBrowser, startBrowser } from './browser.mjs';
import { clientId, clientSecret, listen, newKey, otherId, startProvider, visit } from './oidc.mjs';
import { root, startServer } from './server.mjs';
import { waitMs } from './support.mjs';

const limit = { timeout: 60000 };
const back = 'http://127.0.0.1:9/back'; // an application's own page: nobody goes there

let server;
let provider;
let admin;

const claims = (name) => ({
  name: `${name} of the provider`,
  preferred_username: name,
  email: `${name}@example.com`,
  email_verified: name !== 'unproved',
});

before(async () => {
  globalThis.EventSource ??= EventSource;
  server = await startServer('bare');
  provider = await startProvider([back, `${server.url}/api/oauth2-redirect`], claims);
  admin = server.client();
  await admin.collection('_superusers').authWithPassword(root.email, root.password);
  await configure({});
});

after(async () => {
  await provider?.stop();
  await server?.stop();
});

const configure = (more) =>
  admin.collections.update('users', {
    oauth2: { enabled: true, mappedFields: { name: 'name' }, providers: [{ ...provider.conf, ...more }] },
  });

// An application's client, which has gone to the provider: what its page is told there.
async function fetchCode(client, name, { challenge } = {}) {
  const { oauth2 } = await client.collection('users').listAuthMethods();
  const [method] = oauth2.providers;
  const url = new URL(method.authURL + encodeURIComponent(back));
  if (challenge) url.searchParams.set('code_challenge', challenge);
  const at = await visit(url, name);
  assert.equal(at.searchParams.get('state'), method.state);
  return { code: at.searchParams.get('code'), method };
}

const exchange = (client, { code, method }, createData) =>
  client.collection('users').authWithOAuth2Code(method.name, code, method.codeVerifier, back, createData);

async function signIn(name, createData) {
  const client = server.client();
  return { client, auth: await exchange(client, await fetchCode(client, name), createData) };
}

// The ID token that an application has of the provider by itself.
async function fetchIdToken(id, name) {
  const verifier = 'v'.repeat(43);
  const url = new URL(provider.conf.authURL);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: id,
    redirect_uri: back,
    scope: 'openid email profile',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const response = await fetch(provider.conf.tokenURL, {
    method: 'POST',
    headers: { Authorization: `Basic ${btoa([id, clientSecret].map(encodeURIComponent).join(':'))}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: (await visit(url, name)).searchParams.get('code'),
      redirect_uri: back,
      code_verifier: verifier,
    }),
  });
  return (await response.json()).id_token;
}

const refused = (promise, message) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.status, 400);
    assert.equal(error.response.message, message);
    return true;
  });

describe('by code', limit, () => {
  it('makes a user, once', async () => {
    const { auth, client } = await signIn('ada');
    assert.equal(auth.meta.isNew, true);
    assert.equal(auth.record.email, 'ada@example.com');
    assert.equal(auth.record.verified, true);
    assert.equal(auth.record.name, 'ada of the provider');
    assert.equal(auth.meta.rawUser.preferred_username, 'ada');
    assert.ok(Date.parse(auth.meta.expiry) > Date.now());
    assert.ok(client.authStore.isValid);
    await client.collection('users').authRefresh();
    const again = (await signIn('ada')).auth;
    assert.equal(again.meta.isNew, false);
    assert.equal(again.record.id, auth.record.id);
  });

  it('has a user with fields of the client', async () => {
    const { auth } = await signIn('bea', { name: 'Bea herself', emailVisibility: true });
    assert.equal(auth.record.name, 'Bea herself');
    assert.equal(auth.record.emailVisibility, true);
  });

  it('links who is signed in', async () => {
    await admin.collection('users').create({ email: 'own@example.com', password: '12345678', passwordConfirm: '12345678' });
    const client = server.client();
    await client.collection('users').authWithPassword('own@example.com', '12345678');
    const auth = await exchange(client, await fetchCode(client, 'elsewhere'));
    assert.equal(auth.record.email, 'own@example.com');
    const links = await admin.collection('users').listExternalAuths(auth.record.id);
    assert.deepEqual(links.map((link) => [link.provider, link.providerId]), [['oidc', 'elsewhere']]);
    await client.collection('users').unlinkExternalAuth(auth.record.id, 'oidc');
    assert.deepEqual(await admin.collection('users').listExternalAuths(auth.record.id), []);
  });

  it('takes no code twice', async () => {
    const client = server.client();
    const got = await fetchCode(client, 'carl');
    await exchange(client, got);
    await refused(exchange(server.client(), got), 'Failed to fetch OAuth2 token.');
  });

  it("takes nobody else's code", async () => {
    const client = server.client();
    const got = await fetchCode(client, 'dora');
    const { method } = await fetchCode(client, 'dora');
    await refused(exchange(client, { code: got.code, method }), 'Failed to fetch OAuth2 token.');
    await refused(exchange(client, { ...got, code: 'made-up' }), 'Failed to fetch OAuth2 token.');
    assert.equal((await admin.collection('users').getFullList({ filter: "email='dora@example.com'" })).length, 0);
  });

  it('does not believe in an address that is not proved', async () => {
    await admin.collections.update('users', {
      fields: (await admin.collections.getOne('users')).fields.map((f) => (f.name === 'email' ? { ...f, required: false } : f)),
    });
    const { auth } = await signIn('unproved');
    assert.equal(auth.record.email, '');
  });
});

describe('by ID token', limit, () => {
  const jwksURL = () => `${provider.url}/jwks`;

  after(() => configure({}));

  it('whose signature, issuer and audience are checked', async () => {
    await configure({ userInfoURL: '', extra: { jwksURL: jwksURL(), issuers: [provider.url] } });
    const { auth } = await signIn('erik');
    assert.equal(auth.record.email, 'erik@example.com');
    assert.equal(auth.meta.rawUser.aud, clientId);
  });

  it('of another issuer is refused', async () => {
    await configure({ userInfoURL: '', extra: { jwksURL: jwksURL(), issuers: ['https://example.com'] } });
    await refused(signIn('fred'), 'Failed to fetch OAuth2 user.');
  });

  for (const [what, kid] of [
    ['whose key is not among those of the issuer', 'another'],
    ['that another key of that name has signed', 'its own'],
  ])
    it(`${what} is refused`, async () => {
      const other = await startProvider([back], claims, newKey(kid));
      try {
        const { keys } = await (await fetch(`${other.url}/jwks`)).json();
        assert.deepEqual(keys.map((key) => key.kid), [kid]);
        await configure({ userInfoURL: '', extra: { jwksURL: `${other.url}/jwks`, issuers: [provider.url] } });
        await refused(signIn('gus'), 'Failed to fetch OAuth2 user.');
      } finally {
        await other.stop();
      }
    });

  it('that was issued to another application is refused', async () => {
    let token; // what a code is exchanged for
    const between = await listen((_, response) => {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ access_token: 'a', token_type: 'Bearer', id_token: token }));
    });
    try {
      await configure({
        tokenURL: between.url,
        userInfoURL: '',
        extra: { jwksURL: jwksURL(), issuers: [provider.url] },
      });
      token = await fetchIdToken(otherId, 'kim');
      await refused(signIn('kim'), 'Failed to fetch OAuth2 user.');
      token = await fetchIdToken(clientId, 'kim');
      assert.equal((await signIn('kim')).auth.record.email, 'kim@example.com');
    } finally {
      await between.stop();
    }
  });

  it('is refused where the keys cannot be had', async () => {
    await configure({ userInfoURL: '', extra: { jwksURL: 'http://127.0.0.1:9/jwks' } });
    await refused(signIn('hans'), 'Failed to fetch OAuth2 user.');
  });
});

describe('over realtime', limit, () => {
  it('without a browser', async () => {
    const client = server.client();
    let at;
    const auth = await client.collection('users').authWithOAuth2({
      provider: 'oidc',
      urlCallback: async (url) => {
        at = await visit(url, 'ida', `${server.url}/_/`);
      },
    });
    assert.equal(auth.record.email, 'ida@example.com');
    assert.equal(at.hash, '#/auth/oauth2-redirect-success');
  });
});

describe('by popup', { ...limit, skip: hasBrowser ? false : 'lack of chromium' }, () => {
  let browser;

  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser?.stop());

  it('of the SDK', async () => {
    const tab = await browser.open();
    try {
      const popup = tab.page.waitForEvent('popup', { timeout: waitMs });
      const done = tab.page.evaluate(async (url) => {
        const client = new globalThis.PocketBase(url);
        const auth = await client.collection('users').authWithOAuth2({ provider: 'oidc' });
        return { email: auth.record.email, isNew: auth.meta.isNew, valid: client.authStore.isValid };
      }, server.url);
      const page = await popup;
      await page.fill('input[name=login]', 'jane');
      await page.fill('input[name=password]', 'x');
      await page.click('button[type=submit]');
      await page.waitForSelector('input[name=prompt][value=consent]', { state: 'attached' });
      await page.click('button[type=submit]');
      assert.deepEqual(await done, { email: 'jane@example.com', isNew: true, valid: true });
      assert.deepEqual(tab.faults, []);
    } finally {
      await tab.close();
    }
  });
});
