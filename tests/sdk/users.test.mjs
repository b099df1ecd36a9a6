// The ways of an application's users, by the official SDK, with real mails.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { refused, root, startServer } from './server.mjs';
import { startSink } from './sink.mjs';

let server;
let sink;
let admin;
let users;
let client;

before(async () => {
  server = await startServer('bare');
  sink = await startSink();
  admin = server.client();
  await admin.collection('_superusers').authWithPassword(root.email, root.password);
  await admin.settings.update({
    smtp: { enabled: true, host: '127.0.0.1', port: sink.port },
    meta: { appName: 'Shop', appURL: 'https://shop.example.com' },
  });
  client = server.client();
  users = client.collection('users');
});

after(async () => {
  sink?.stop();
  await server?.stop();
});

async function token(page) {
  const mail = await sink.mail();
  const found = mail.html.match(/href="https:\/\/shop\.example\.com\/_\/#\/auth\/([\w-]+)\/([\w.-]+)"/);
  assert.equal(found?.[1], page);
  return found[2];
}

const ada = { email: 'ada@example.com', password: 'first-secret', passwordConfirm: 'first-secret' };

describe('a user', () => {
  it('signs up and verifies the address', async () => {
    await users.create(ada);
    await users.authWithPassword(ada.email, ada.password);
    assert.equal(client.authStore.record.verified, false);
    await users.requestVerification(ada.email);
    await users.confirmVerification(await token('confirm-verification'));
    assert.equal(client.authStore.record.verified, true);
    await users.authRefresh();
    assert.equal(client.authStore.record.verified, true);
  });

  it('sets a new password', async () => {
    await users.requestPasswordReset(ada.email);
    await users.confirmPasswordReset(await token('confirm-password-reset'), 'second-secret', 'second-secret');
    assert.equal((await refused(users.authRefresh())).status, 401);
    assert.equal((await refused(users.authWithPassword(ada.email, ada.password))).status, 400);
    await users.authWithPassword(ada.email, 'second-secret');
  });

  it('signs in with a one-time password', async () => {
    await admin.collections.update('users', { otp: { enabled: true } });
    const { otp } = await users.listAuthMethods();
    assert.deepEqual(otp, { enabled: true, duration: 180 });
    const { otpId } = await users.requestOTP(ada.email);
    const code = (await sink.mail()).text.match(/\b\d{8}\b/)[0];
    await users.authWithOTP(otpId, code);
    assert.equal((await refused(users.authWithOTP(otpId, code))).status, 400);
  });

  it('needs a second factor where the collection asks for it', async () => {
    await admin.collections.update('users', { mfa: { enabled: true } });
    const error = await refused(users.authWithPassword(ada.email, 'second-secret'));
    assert.equal(error.status, 401);
    const { mfaId } = error.response;
    const { otpId } = await users.requestOTP(ada.email);
    const code = (await sink.mail()).text.match(/\b\d{8}\b/)[0];
    const { record } = await users.authWithOTP(otpId, code, { mfaId });
    assert.equal(record.email, ada.email);
    await admin.collections.update('users', { mfa: { enabled: false } });
  });

  it('changes the address', async () => {
    await users.requestEmailChange('countess@example.com');
    await users.confirmEmailChange(await token('confirm-email-change'), 'second-secret');
    assert.equal(client.authStore.isValid, false); // the SDK drops a token that is good no more
    await users.authWithPassword('countess@example.com', 'second-secret');
    assert.equal(client.authStore.record.email, 'countess@example.com');
  });

  it('is impersonated by a superuser', async () => {
    const other = await admin.collection('users').impersonate(client.authStore.record.id, 60);
    assert.equal(other.authStore.record.email, 'countess@example.com');
    assert.equal((await other.collection('users').getList()).totalItems, 1);
  });

  it('sees and removes the links to other systems', async () => {
    const { id, collectionId } = client.authStore.record;
    await admin.collection('_externalAuths').create({
      collectionRef: collectionId, recordRef: id, provider: 'google', providerId: 'g-1',
    });
    const links = await users.listExternalAuths(id);
    assert.deepEqual(links.map((link) => link.provider), ['google']);
    await users.unlinkExternalAuth(id, 'google');
    assert.deepEqual(await users.listExternalAuths(id), []);
  });

  it('hears of a login from somewhere new', async () => {
    const { token: secret } = client.authStore;
    const login = (agent) => fetch(`${server.url}/api/collections/users/auth-with-password`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'User-Agent': agent },
      body: JSON.stringify({ identity: 'countess@example.com', password: 'second-secret' }),
    });
    assert.equal((await login('another browser')).status, 200);
    assert.match((await sink.mail()).text, /another browser/);
    const origins = await users.client.collection('_authOrigins').getFullList();
    assert.equal(origins.length, 2);
    assert.ok(secret);
  });
});
