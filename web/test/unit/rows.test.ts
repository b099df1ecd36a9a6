// @ts-nocheck: types of node are not installed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { mostKept, pageSize, reverseSort } from "../../src/lib/rows/plan.ts";
import { Rows } from "../../src/lib/rows/rows.ts";
import { serverOf, totalSort } from "../../src/lib/rows/server.ts";

const million = 1_000_000;
const query = { filter: "", sort: "n", fields: "", expand: "" };

// Numbers that look random and are the same in each run.
const randomOf = (seed) => () => {
  seed = (seed * 1664525 + 1013904223) % 4294967296;
  return seed / 4294967296;
};

// A list of `size` rows, row n being "r<n>", that answers when it is told to.
class Fake {
  asked = [];
  waiting = [];
  most = 0;
  gone = new Set();
  constructor(size) {
    this.size = size;
  }
  idAt(at) {
    return `r${at}`;
  }
  slice(first, last) {
    const items = [];
    for (let at = Math.max(0, first); at < Math.min(this.size, last); at++) items.push({ id: this.idAt(at), n: at });
    return items;
  }
  byCursor(first, last) {
    const from = Math.max(0, first);
    const to = Math.min(this.size, last);
    return { items: this.slice(from, to), prevCursor: from > 0 ? `b${from}` : null, nextCursor: to < this.size ? `a${to}` : null };
  }
  answer(params) {
    const n = params.perPage;
    assert.ok(n <= 1000, "what the API gives at once");
    assert.ok(!("page" in params && ("cursor" in params || "from" in params)));
    if ("from" in params) return this.byCursor(Number(params.from), Number(params.from) + n);
    if (params.cursor === "") return this.byCursor(0, n);
    if (params.cursor === "last") return this.byCursor(this.size - n, this.size);
    if (params.cursor?.startsWith("a")) return this.byCursor(Number(params.cursor.slice(1)), Number(params.cursor.slice(1)) + n);
    if (params.cursor?.startsWith("b")) return this.byCursor(Number(params.cursor.slice(1)) - n, Number(params.cursor.slice(1)));
    const at = (params.page - 1) * n;
    if (params.fields === "id") return { items: this.slice(0, 1), totalItems: this.size };
    if (params.sort === "-n") return { items: this.slice(this.size - at - n, this.size - at).toReversed() };
    return { items: this.slice(at, at + n) };
  }
  fetch = (params, signal) =>
    new Promise((done, failed) => {
      this.asked.push(params);
      this.waiting.push({ params, signal, done, failed });
      signal.addEventListener("abort", () => failed(new DOMException("stopped", "AbortError")));
    });
  // Answers the nth that waits.
  async step(at = 0, wrong) {
    const [one] = this.waiting.splice(at, 1);
    if (wrong) one.failed(wrong);
    else one.done(this.answer(one.params));
    await settled();
  }
  async all() {
    for (let n = 0; this.waiting.length > 0; n++) {
      assert.ok(n < 200, "asks without end");
      await this.step();
    }
  }
}

const settled = () => new Promise((done) => setImmediate(done));
const painted = () => Promise.resolve();

const begin = (size, byCursor) => {
  const fake = new Fake(size);
  const rows = new Rows(serverOf(fake.fetch, query, byCursor, painted), () => check(rows));
  rows.restart(serverOf(fake.fetch, query, byCursor, painted));
  return { fake, rows };
};

// Each position that can be shown has the row that belongs there.
const check = (rows) => {
  const { run } = rows;
  assert.ok(run.length <= mostKept + 1000);
  for (const at of [run.start, run.start + 1, (run.start + run.end) >> 1, run.end - 1]) {
    const row = rows.at(at);
    if (!row) continue;
    if (run.isPlaced) assert.equal(row.id, `r${at}`);
    const next = rows.at(at + 1);
    if (next) assert.equal(next.n, row.n + 1);
  }
};

const checkAll = (rows) => {
  const { run } = rows;
  for (let at = run.start; at < run.end; at++) {
    if (run.isPlaced) assert.equal(rows.at(at).n, at);
    else if (at > run.start) assert.equal(rows.at(at).n, rows.at(at - 1).n + 1);
  }
};

const isSeen = (rows, first, last) => {
  for (let at = first; at < Math.min(last, rows.total ?? last); at++) assert.ok(rows.at(at), `row ${at}`);
};

for (const byCursor of [true, false]) {
  const name = byCursor ? "by cursor" : "by page";

  test(`${name}: the first page, then the total, then two screens ahead`, async () => {
    const { fake, rows } = begin(million, byCursor);
    rows.look(0, 40);
    assert.equal(fake.asked.length, 1);
    assert.equal(fake.asked[0].skipTotal, 1);
    await fake.step();
    assert.equal(rows.count, 100 + pageSize);
    assert.ok(fake.asked.some(({ fields }) => fields === "id"));
    await fake.all();
    assert.equal(rows.total, million);
    assert.equal(rows.count, million);
    isSeen(rows, 0, 120);
    checkAll(rows);
  });

  test(`${name}: random scrolling over a million rows`, async () => {
    const random = randomOf(7);
    const { fake, rows } = begin(million, byCursor);
    rows.look(0, 40);
    await fake.all();
    let at = 0;
    for (let n = 0; n < 400; n++) {
      const far = random() < 0.15;
      at = Math.max(0, Math.min(million - 40, far ? Math.floor(random() * million) : at + Math.floor((random() - 0.4) * 300)));
      rows.look(at, at + 40);
      if (random() < 0.5) continue; // moves on before there was an answer
      await fake.all();
      isSeen(rows, at, at + 40);
      assert.ok(rows.run.length <= mostKept);
    }
    await fake.all();
    checkAll(rows);
  });

  test(`${name}: scrolling while asks fail, come late and in any order`, async () => {
    const random = randomOf(11);
    const { fake, rows } = begin(million, byCursor);
    let at = 0;
    for (let n = 0; n < 1500; n++) {
      const dice = random();
      if (dice < 0.5) at = Math.max(0, Math.min(million - 40, at + Math.floor((random() - 0.5) * 800)));
      else if (dice < 0.55) at = Math.floor(random() * (million - 40));
      if (dice < 0.55) rows.look(at, at + 40);
      else if (dice < 0.57) rows.jump(random() < 0.5 ? "start" : "end");
      else if (dice < 0.6) rows.retry();
      else if (fake.waiting.length > 0) await fake.step(Math.floor(random() * fake.waiting.length), random() < 0.2 ? { status: 503 } : undefined);
      if (rows.target) at = Math.min(rows.target.position, Math.max(0, rows.count - 40));
      rows.target = null;
    }
    await fake.all();
    for (let n = 0; n < 10; n++) {
      rows.look(400, 440);
      rows.retry();
      await fake.all();
    }
    isSeen(rows, 400, 440);
    checkAll(rows);
  });

  test(`${name}: what is far is forgotten, and asked for again`, async () => {
    const { fake, rows } = begin(million, byCursor);
    for (let at = 0; at <= 20_000; at += 60) {
      rows.look(at, at + 40);
      await fake.all();
    }
    isSeen(rows, 20_000, 20_040);
    assert.equal(rows.at(0), undefined);
    assert.ok(rows.run.length <= mostKept && rows.run.length > 1000);
    if (byCursor) assert.equal(fake.asked.filter(({ page, fields }) => page && !fields).length, 0);
    for (let at = 20_000; at >= 0; at -= 60) {
      rows.look(at, at + 40);
      await fake.all();
    }
    rows.look(0, 40);
    await fake.all();
    isSeen(rows, 0, 40);
    checkAll(rows);
  });

  test(`${name}: to the end before the total is known, and back`, async () => {
    const { fake, rows } = begin(million, byCursor);
    rows.look(0, 40);
    await fake.step();
    rows.jump("end");
    const last = fake.waiting.findIndex(({ params }) => params.cursor === "last" || params.sort === "-n");
    fake.waiting.splice(0, last); // the total is late
    await fake.step();
    assert.equal(rows.target.edge, "last");
    assert.equal(rows.at(rows.target.position).n, million - 1);
    if (!rows.run.isPlaced) assert.equal(rows.total, undefined);
    rows.look(rows.target.position - 40, rows.target.position);
    rows.refresh();
    await fake.all();
    rows.jump("start");
    await fake.all();
    assert.equal(rows.at(0).n, 0);
    checkAll(rows);
  });

  test(`${name}: the end tells its positions once the total is there`, async () => {
    const { fake, rows } = begin(million, byCursor);
    rows.look(0, 40);
    await fake.step();
    rows.jump("end");
    await fake.step(fake.waiting.findIndex(({ params }) => params.fields !== "id"));
    const moved = rows.run.moved;
    await fake.all();
    assert.ok(rows.run.isPlaced);
    assert.equal(rows.run.end, million);
    assert.equal(rows.count, million);
    assert.notEqual(rows.run.moved, moved);
    checkAll(rows);
  });

  test(`${name}: small lists`, async () => {
    for (const size of [0, 1, 99, 100, 101, 250]) {
      const { fake, rows } = begin(size, byCursor);
      rows.look(0, 40);
      await fake.all();
      rows.look(0, 300);
      await fake.all();
      assert.equal(rows.count, size);
      assert.equal(rows.total, size);
      rows.jump("end");
      await fake.all();
      rows.look(0, Math.max(1, size));
      await fake.all();
      isSeen(rows, 0, size);
      checkAll(rows);
    }
  });

  test(`${name}: a failure is said, stays where it is, and is mended by a retry`, async () => {
    const { fake, rows } = begin(million, byCursor);
    rows.look(0, 40);
    await fake.all();
    rows.look(280, 320);
    const wrong = { status: 503 };
    await fake.step(0, wrong);
    assert.equal(rows.error, wrong);
    assert.ok(rows.at(0));
    const n = fake.asked.length;
    rows.look(281, 321);
    rows.look(282, 322);
    assert.equal(fake.asked.length, n, "not asked again by itself");
    rows.retry();
    assert.equal(rows.error, undefined);
    await fake.all();
    isSeen(rows, 282, 322);
    checkAll(rows);
  });

  test(`${name}: answers of an older query are dropped`, async () => {
    const { fake, rows } = begin(million, byCursor);
    rows.look(0, 40);
    const other = new Fake(5);
    const [late] = fake.waiting;
    rows.restart(serverOf(other.fetch, { ...query, filter: "n<5" }, byCursor, painted));
    assert.ok(late.signal.aborted);
    late.done(fake.answer(late.params));
    await settled();
    assert.equal(rows.at(0), undefined);
    await other.all();
    assert.equal(rows.count, 5);
  });

  test(`${name}: rows are replaced and removed in place`, async () => {
    const { fake, rows } = begin(300, byCursor);
    rows.look(0, 100);
    await fake.all();
    rows.patch({ id: "r7", n: 7, title: "new" });
    assert.equal(rows.at(7).title, "new");
    rows.patch({ id: "nobody", n: 0 });
    assert.equal(rows.total, 300);
    fake.size = 300;
    const loose = new Rows(serverOf(fake.fetch, query, byCursor, painted), () => undefined);
    loose.look(0, 300);
    await fake.all();
    loose.remove("r7");
    loose.remove("r7");
    assert.equal(loose.at(7).id, "r8");
    assert.equal(loose.total, 299);
    assert.equal(loose.count, 299);
  });
}

test("a jump to a value goes both ways from there, and learns where it is at the start", async () => {
  const { fake, rows } = begin(million, true);
  rows.look(0, 40);
  await fake.all();
  rows.jump({ from: 500_300 });
  await fake.step();
  assert.equal(rows.at(rows.target.position).n, 500_300);
  assert.equal(rows.run.isPlaced, false);
  const at = rows.target.position;
  rows.look(at, at + 40);
  await fake.all();
  assert.equal(rows.at(at - 1).n, 500_299);
  rows.look(rows.count - 10, rows.count);
  await fake.all();
  assert.ok(rows.run.isPlaced, "far away: by position");
  rows.jump({ from: 150 });
  await fake.step();
  let top = rows.target.position;
  while (!rows.run.isPlaced) {
    rows.look(top, top + 40);
    await fake.all();
    top -= 40;
  }
  checkAll(rows);
  assert.equal(rows.at(0).n, 0);
});

test("a cursor that is refused is replaced by positions", async () => {
  const { fake, rows } = begin(million, true);
  rows.look(0, 40);
  await fake.all();
  rows.look(130, 170);
  await fake.step(0, { status: 400 });
  await fake.all();
  assert.equal(rows.error, undefined);
  isSeen(rows, 130, 170);
  checkAll(rows);
});

test("sorts are turned round and made total", () => {
  assert.equal(reverseSort("-created, title,+n"), "created,-title,-n");
  assert.equal(reverseSort(""), "");
  assert.equal(totalSort("", "@rowid"), "-@rowid");
  assert.equal(totalSort("-created", "@rowid"), "-created,-@rowid");
  assert.equal(totalSort("title", "id"), "title,id");
  assert.equal(totalSort("-@rowid", "@rowid"), "-@rowid");
});

// By position, after rows have come or gone since: none is asked for twice in vain, none is there twice.
const drifting = (by) => {
  const fake = new Fake(1000);
  fake.by = 0;
  fake.idAt = (at) => `r${at - fake.by}`;
  fake.slice = (first, last) => {
    const items = [];
    for (let at = Math.max(0, first); at < Math.min(fake.size, last); at++) items.push({ id: fake.idAt(at), n: at - fake.by });
    return items;
  };
  const server = serverOf(fake.fetch, query, false, painted);
  const rows = new Rows(server, () => undefined);
  rows.restart(server);
  return { fake, rows, drift: () => { fake.by += by; fake.size += by; } };
};
const areOrdered = (rows) => {
  const { run } = rows;
  for (let n = run.start + 1; n < run.end; n++) assert.ok(rows.at(n).n > rows.at(n - 1).n, `row ${n}`);
};

for (const by of [1, 7, 100, 250]) {
  test(`by page: ${by} rows come in above, then down`, async () => {
    const { fake, rows, drift } = drifting(by);
    rows.look(0, 40);
    await fake.all();
    drift();
    for (let first = 0; first < 900; first += 60) {
      rows.look(first, first + 40);
      await fake.all();
    }
    assert.ok(fake.asked.length < 40, `${fake.asked.length} requests`);
    if (by > pageSize) return; // some of them come at the wrong place, until one refreshes
    areOrdered(rows);
    rows.look(rows.count - 40, rows.count);
    await fake.all();
    assert.equal(rows.at(rows.run.end - 1).n, 999);
  });

  test(`by page: ${by} rows above go, then up`, async () => {
    const { fake, rows, drift } = drifting(-by);
    rows.look(0, 40);
    await fake.all();
    rows.look(700, 740);
    await fake.all();
    drift();
    for (let first = 700; first >= 0; first -= 60) {
      rows.look(first, first + 40);
      await fake.all();
    }
    rows.look(0, 40);
    await fake.all();
    assert.ok(fake.asked.length < 40, `${fake.asked.length} requests`);
    areOrdered(rows);
    assert.equal(rows.run.start, 0);
  });
}

test("by page: a view that has its ids many times comes to its end", async () => {
  const { fake, rows } = drifting(0);
  fake.idAt = (at) => `r${at % 10}`;
  rows.look(0, 40);
  await fake.all();
  assert.deepEqual([rows.run.length, rows.total], [10, 10]);
});

for (const byCursor of [true, false])
  test(`refreshed beyond the end of what is left, ${byCursor ? "by cursor" : "by page"}`, async () => {
    const { fake, rows } = begin(1300, byCursor);
    rows.look(0, 40);
    await fake.all();
    rows.look(1250, 1290);
    await fake.all();
    fake.size = 300;
    rows.refresh();
    await fake.all();
    assert.equal(rows.total, 300);
    assert.equal(rows.count, 300);
    isSeen(rows, 260, 300);
    checkAll(rows);
  });

test("what another query has found is told from what is asked for anew", async () => {
  const { fake, rows } = begin(300, true);
  rows.look(0, 40);
  await fake.all();
  rows.refresh();
  assert.deepEqual([rows.isStale, rows.isOther], [true, false]);
  await fake.all();
  rows.restart(serverOf(fake.fetch, query, true, painted));
  assert.deepEqual([rows.isStale, rows.isOther], [true, true]);
  await fake.all();
  assert.deepEqual([rows.isStale, rows.isOther], [false, false]);
});

for (const byCursor of [true, false]) {
  const name = byCursor ? "by cursor" : "by page";

  test(`${name}: another query that is refreshed before its first answer begins at its start`, async () => {
    for (const wrong of [undefined, new Error("no answer")]) {
      const { fake, rows } = begin(1000, byCursor);
      rows.look(0, 40);
      await fake.all();
      rows.look(500, 540);
      await fake.all();
      isSeen(rows, 500, 540);
      rows.restart(serverOf(fake.fetch, query, byCursor, painted));
      if (wrong) await fake.step(0, wrong);
      rows.refresh();
      await fake.all();
      assert.deepEqual([rows.run.start, rows.target.position], [0, 0]);
    }
  });

  test(`${name}: a jump that is refreshed before its answer leads there`, async () => {
    const { fake, rows } = begin(1000, byCursor);
    rows.look(0, 40);
    await fake.all();
    rows.jump("end");
    rows.refresh();
    await fake.all();
    assert.equal(rows.target.edge, "last");
    assert.equal(rows.at(rows.run.end - 1).n, 999);
  });
}

test("a jump that has failed is not what is refreshed", async () => {
  const { fake, rows } = begin(1000, true);
  rows.look(0, 40);
  await fake.all();
  rows.jump({ from: "nothing" });
  await fake.step(0, { status: 400 });
  assert.ok(rows.error);
  rows.refresh();
  await fake.all();
  assert.equal(rows.error, undefined);
  isSeen(rows, 0, 40);
});
