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

const turns = () => new Promise((done) => setTimeout(done));
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
  await turns();
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

test("one that is refused when nobody listens any more is not tried again", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const one = follow("posts/a");
  open[0].send("PB_CONNECT", { clientId: "x" });
  for (let k = 0; k < 20; k++) await Promise.resolve();
  one.stop();
  posts[0][1](404);
  for (let k = 0; k < 50; k++) await Promise.resolve();
  context.mock.timers.tick(120_000);
  assert.deepEqual([open.length, open[0].isClosed], [1, true]);
  context.mock.timers.reset();
});

test("one that is lost is made again, and says that something may be missing", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const one = follow("posts/a");
  open[0].onerror();
  open[0].onerror();
  assert.deepEqual([one.told, open.length], [["lost"], 1]);
  context.mock.timers.tick(5000);
  assert.equal(open.length, 2);
  context.mock.timers.reset();
  await connected();
  await answer();
  assert.deepEqual(one.told, ["lost", "heard", "missed"]);
});
