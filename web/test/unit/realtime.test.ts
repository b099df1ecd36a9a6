// @ts-nocheck: the types of node are not installed
// The one connection for all who listen, and who is told what of it.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { listen } from "../../src/api/realtime.ts";

globalThis.document = { baseURI: "http://127.0.0.1/_/" };
let open = []; // connections
let posts = []; // what the server is told: [topics, answer]
let stops = [];
let n = 0;

globalThis.EventSource = class {
  #on = new Map();
  isClosed = false;
  constructor() {
    open.push(this);
  }
  addEventListener(name, act) {
    this.#on.set(name, act);
  }
  send(name, data) {
    this.#on.get(name)?.({ data: JSON.stringify(data) });
  }
  close() {
    this.isClosed = true;
  }
};
globalThis.fetch = (_, { body }) => new Promise((done) => posts.push([JSON.parse(body).subscriptions, (status = 204) => done(new Response(null, { status }))]));

// Time passes when it is told to.
let now = 0;
let timers = new Map();
globalThis.setTimeout = (act, ms) => {
  timers.set(++n, [now + ms, act]);
  return n;
};
globalThis.clearTimeout = (one) => timers.delete(one);
const pass = (ms) => {
  now += ms;
  for (const [one, [at, act]] of [...timers]) if (at <= now && timers.delete(one)) act();
};

const turns = async () => {
  for (let k = 0; k < 60; k++) await Promise.resolve();
};
const follow = (topic) => {
  const of = { topic, told: [], onEvent: (data) => of.told.push(data), onHeard: () => of.told.push("heard"), onMissed: () => of.told.push("missed"), onLost: () => of.told.push("lost") };
  of.stop = listen(of);
  stops.push(of.stop);
  return of;
};
const connected = async () => {
  open.at(-1).send("PB_CONNECT", { clientId: `c${++n}` });
  await turns();
};
const answer = async (status) => {
  posts.at(-1)[1](status);
  await turns();
};

afterEach(async () => {
  stops.forEach((stop) => stop());
  posts.forEach(([, done]) => done());
  await turns();
  assert.ok(open.every(({ isClosed }) => isClosed));
  [open, posts, stops] = [[], [], []];
});

test("each is told that the server has heard of it, and once", async () => {
  const one = follow("posts/a");
  await connected();
  assert.deepEqual([posts[0][0], one.told], [["posts/a"], []]);
  await answer();
  assert.deepEqual(one.told, ["heard"]);
  const other = follow("posts/b");
  await turns();
  await answer();
  assert.deepEqual([posts[1][0], one.told, other.told], [["posts/a", "posts/b"], ["heard"], ["heard"]]);
});

test("who follows what is followed already is told, too, without another call", async () => {
  const one = follow("posts/a");
  await connected();
  await answer();
  const other = follow("posts/a");
  await turns();
  assert.deepEqual([posts.length, one.told, other.told], [1, ["heard"], ["heard"]]);
  open[0].send("posts/a", { n: 1 });
  assert.deepEqual([one.told.at(-1), other.told.at(-1)], [{ n: 1 }, { n: 1 }]);
});

test("a connection stays until what is being told is answered", async () => {
  const one = follow("posts/a");
  await connected();
  one.stop();
  await turns();
  assert.equal(open[0].isClosed, false);
  await answer();
  assert.deepEqual([open[0].isClosed, one.told], [true, []]);
});

test("one that is refused when nobody listens any more is not tried again", async () => {
  const one = follow("posts/a");
  await connected();
  one.stop();
  await answer(404);
  pass(120_000);
  assert.deepEqual([open.length, open[0].isClosed], [1, true]);
});

test("one that is lost is made again, and says that something may be missing", async () => {
  const one = follow("posts/a");
  open[0].onerror();
  open[0].onerror();
  assert.deepEqual([one.told, open.length], [["lost"], 1]);
  pass(5000);
  assert.equal(open.length, 2);
  await connected();
  await answer();
  assert.deepEqual(one.told, ["lost", "heard", "missed"]);
});

test("one that is lost once more as the last leaves is made again for the next", async () => {
  const one = follow("posts/a");
  open[0].onerror();
  pass(5000);
  await connected();
  one.stop();
  open[1].onerror();
  const next = follow("posts/b");
  assert.deepEqual([open.length, next.told], [3, []]);
  await connected();
  assert.deepEqual(posts[1][0], ["posts/b"]); // whether the first call is answered or not
  await answer();
  assert.deepEqual(next.told, ["heard"]);
});

test("what a connection was told that has gone is not what the next one was", async () => {
  const one = follow("posts/a");
  await connected();
  one.stop();
  pass(2000);
  assert.equal(open[0].isClosed, true);
  const next = follow("posts/a");
  await answer();
  assert.deepEqual([open.length, next.told], [2, []]);
  await connected();
  await answer();
  assert.deepEqual(next.told, ["heard"]);
});

test("who has left before does not end what is begun since", async () => {
  const one = follow("posts/a");
  await connected();
  one.stop();
  pass(100);
  const next = follow("posts/b");
  await answer();
  pass(1800);
  next.stop();
  pass(100);
  await turns();
  assert.equal(open[0].isClosed, false);
  await answer();
  assert.equal(open[0].isClosed, true);
});

test("what waited for a connection that has gone says nothing to the next one", async () => {
  follow("posts/a");
  await connected();
  follow("posts/b");
  open[0].onerror();
  pass(5000);
  await connected();
  assert.deepEqual(posts.at(-1)[0], ["posts/a", "posts/b"]);
  follow("posts/c");
  posts[0][1]();
  await turns();
  assert.equal(posts.length, 2); // one call after the other
  await answer();
  assert.deepEqual(posts.at(-1)[0], ["posts/a", "posts/b", "posts/c"]);
});

test("nor does it say that somebody is heard", async () => {
  const one = follow("posts/a");
  await connected();
  const other = follow("posts/b");
  one.stop();
  other.stop();
  pass(2000);
  const next = follow("posts/a");
  await connected();
  posts[0][1]();
  await turns();
  assert.deepEqual(next.told, []);
  await answer();
  assert.deepEqual(next.told, ["heard"]);
});
