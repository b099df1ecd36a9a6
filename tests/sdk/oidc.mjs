// An OpenID Connect provider on loopback, a real one; and somebody without a browser who goes there.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

export const clientId = 'an app';
export const otherId = 'another app'; // with the same secret
export const clientSecret = 'a secret: with & and %';

// A server on loopback; { url, stop }.
export async function listen(handle) {
  const server = createServer(handle);
  await new Promise((done, failed) => server.on('error', failed).listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}

// A key to sign with that nobody else has, whatever it is called.
export const newKey = (kid) => ({
  ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  use: 'sig',
  alg: 'RS256',
  kid,
});

// redirects: where it may send people back to. Whoever comes may call himself what he likes; claims(name)
// is what the provider knows of him. key: what it signs with.
export async function startProvider(redirects, claims, key = newKey('its own')) {
  const { url, stop } = await listen((request, response) => handle(request, response));
  const warn = console.warn; // it warns of what is on purpose here
  console.warn = () => {};
  const provider = new Provider(url, {
    clients: [clientId, otherId].map((id) => ({ client_id: id, client_secret: clientSecret, redirect_uris: redirects })),
    jwks: { keys: [key] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username', 'picture'] },
    conformIdTokenClaims: false, // all of them in the ID token, too
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...claims(sub) }) }),
  });
  const handle = provider.callback();
  console.warn = warn;
  return {
    url,
    conf: {
      name: 'oidc',
      clientId,
      clientSecret,
      authURL: `${url}/auth`,
      tokenURL: `${url}/token`,
      userInfoURL: `${url}/me`,
    },
    stop,
  };
}

// Goes to an address of the provider, says who he is and agrees; where he is sent back to, or with `until`
// the first address that begins so.
export async function visit(address, name, until) {
  const cookies = new Map();
  let url = new URL(address);
  let form; // what is posted next
  for (let steps = 0; steps < 20; steps++) {
    if (until && url.href.startsWith(until)) return url;
    const response = await fetch(url, {
      redirect: 'manual',
      method: form ? 'POST' : 'GET',
      body: form && new URLSearchParams(form),
      headers: { Cookie: [...cookies].map(([key, value]) => `${key}=${value}`).join('; ') },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, key, value] = /^([^=]+)=([^;]*)/.exec(cookie);
      if (value) cookies.set(key, value);
      else cookies.delete(key);
    }
    const body = await response.text();
    const page = url;
    form = undefined;
    if (response.headers.has('location')) {
      url = new URL(response.headers.get('location'), page);
      if (!until && url.origin !== page.origin) return url;
    } else if (response.ok && /name="prompt" value="(\w+)"/.test(body)) {
      url = new URL(/action="([^"]+)"/.exec(body)[1], page);
      form = { prompt: /name="prompt" value="(\w+)"/.exec(body)[1], login: name, password: 'x' };
    } else {
      throw new Error(`${response.status} at ${page}: ${body.slice(0, 300)}`);
    }
  }
  throw new Error(`sent around: ${url}`);
}
