// @ts-nocheck: node's own types are not installed here
import assert from "node:assert/strict";
import test from "node:test";
import { signal } from "@preact/signals";
import { ApiError } from "../../src/api/error.ts";
import { settings as texts } from "../../src/i18n/en/settings.ts";
import { pages } from "../../src/i18n/en/settings-pages.ts";
import { causeOf, mailCauses, rawOf, s3Causes } from "../../src/features/settings/causes.ts";
import { bodyOf, faultsOf, movedIn, readWhole, rebased, withChange } from "../../src/features/settings/draft.ts";
import { valueAt } from "../../src/lib/values.ts";
import { SettingsEdit } from "../../src/features/settings/edit.ts";
import { isInRanges } from "../../src/features/settings/ip.ts";

const stored = () => ({
  superuserIPs: [], meta: { appName: "Acme", appURL: "http://localhost", hideControls: false, senderName: "S", senderAddress: "s@example.com" },
  smtp: { enabled: false, port: 587, host: "smtp.example.com", username: "", tls: false },
  rateLimits: { enabled: false, rules: [{ label: "*:auth", audience: "", duration: 3, maxRequests: 2 }] },
  batch: { enabled: false, maxRequests: 50, timeout: 3, maxBodySize: 0 },
});
const failure = (status, data = {}) => new ApiError({ status, message: "no", data, retryAfter: 0, requestId: "" });

// A server with a version that grows.
const world = (own = ["smtp"]) => {
  const state = { now: stored(), version: 1, sent: [], onRead: () => {}, onChange: () => {} };
  const merge = (tree, body) => Object.entries(body).forEach(([key, value]) => {
    if (value && typeof value === "object" && !Array.isArray(value)) merge((tree[key] ??= {}), value);
    else tree[key] = value;
  });
  const reach = {
    read: async () => {
      state.onRead();
      return { data: structuredClone(state.now), etag: `"${state.version}"` };
    },
    change: async (body, etag) => {
      state.onChange();
      if (etag !== `"${state.version}"`) throw failure(412);
      state.sent.push(structuredClone(body));
      merge(state.now, body);
      state.version++;
      const { smtp: { password: _, ...smtp }, ...rest } = structuredClone(state.now);
      return { ...rest, smtp };
    },
  };
  state.other = (body) => { merge(state.now, body); state.version++; };
  const known = signal(stored());
  return { state, known, edit: new SettingsEdit({ known, reach, own, noNumber: "no number" }) };
};

test("a change is one while it differs from what is there", () => {
  let changes = withChange(new Map(), "smtp.port", 465, 587);
  assert.deepEqual(bodyOf(changes), { smtp: { port: 465 } });
  changes = withChange(changes, "smtp.host", "a.example.com", "smtp.example.com");
  changes = withChange(changes, "backups.s3.bucket", "b", "");
  assert.deepEqual(bodyOf(changes), { smtp: { port: 465, host: "a.example.com" }, backups: { s3: { bucket: "b" } } });
  changes = withChange(changes, "smtp.port", 587, 465);
  assert.equal(changes.has("smtp.port"), false);
  assert.equal(withChange(new Map(), "superuserIPs", [], []).size, 0);
});

test("a secret is sent when it was replaced or cleared, and only then", () => {
  let changes = withChange(new Map(), "smtp.password", "s3cret", undefined);
  assert.deepEqual(bodyOf(changes), { smtp: { password: "s3cret" } });
  changes = withChange(changes, "smtp.password", undefined, undefined);
  assert.equal(changes.size, 0);
  assert.deepEqual(bodyOf(withChange(changes, "smtp.password", "", undefined)), { smtp: { password: "" } });
});

test("what was changed meanwhile is told only of what was typed", () => {
  const changes = withChange(new Map(), "smtp.port", 465, 587);
  assert.deepEqual(movedIn(changes, { smtp: { port: 587, host: "other" } }), []);
  assert.deepEqual(movedIn(changes, { smtp: { port: 465 } }), []);
  assert.deepEqual(movedIn(changes, { smtp: { port: 25 } }), [{ path: "smtp.port", was: 587, now: 25 }]);
  assert.equal(rebased(changes, { smtp: { port: 465 } }).size, 0);
  assert.deepEqual(rebased(changes, { smtp: { port: 25 } }).get("smtp.port"), { value: 465, was: 25 });
});

test("values that are not there, and strange ones, are no faults", () => {
  assert.equal(valueAt(undefined, "a.b"), undefined);
  assert.equal(valueAt({ a: null }, "a.b"), undefined);
  assert.equal(valueAt({ a: "x" }, "a.length"), undefined);
  assert.equal(valueAt({}, "constructor.name"), undefined);
  assert.equal(readWhole("12"), 12);
  assert.equal(readWhole("1e3"), "1e3");
  assert.equal(readWhole("9".repeat(40)), "9".repeat(40));
});

test("a number that is none is not sent", async () => {
  const rules = [{ label: "x", audience: "", duration: "", maxRequests: 1 }];
  assert.deepEqual(faultsOf(withChange(new Map(), "rateLimits.rules", rules, [])), ["rateLimits.rules.0.duration"]);
  const { edit, state } = world();
  edit.set("smtp.port", "many");
  assert.equal(await edit.save(), false);
  assert.equal(edit.faultAt("smtp.port"), "no number");
  assert.equal(state.sent.length, 0);
  edit.set("smtp.port", 25);
  assert.equal(edit.faultAt("smtp.port"), "");
  assert.equal(await edit.save(), true);
  assert.deepEqual(state.sent, [{ smtp: { port: 25 } }]);
  assert.equal(edit.isDirty.value, false);
  assert.equal(edit.at("smtp.port"), 25);
});

test("of two who change other things both are kept; of the same thing it is asked", async () => {
  const { edit, state } = world();
  edit.set("smtp.host", "mine.example.com");
  state.other({ smtp: { port: 25 }, meta: { appName: "Other" } });
  assert.equal(await edit.save(), true);
  assert.deepEqual(state.sent, [{ smtp: { host: "mine.example.com" } }]);
  edit.set("smtp.host", "again.example.com");
  state.other({ smtp: { host: "theirs.example.com" } });
  assert.equal(await edit.save(), false);
  assert.deepEqual(edit.moved.value, [{ path: "smtp.host", was: "mine.example.com", now: "theirs.example.com" }]);
  assert.equal(edit.at("smtp.host"), "again.example.com");
  assert.equal(await edit.save(), true);
  assert.equal(state.now.smtp.host, "again.example.com");
});

test("what comes between reading and writing is looked at, too", async () => {
  const { edit, state } = world();
  edit.set("smtp.host", "mine.example.com");
  let once = true;
  state.onChange = () => { if (once) { once = false; state.other({ smtp: { host: "theirs.example.com" } }); } };
  assert.equal(await edit.save(), false);
  assert.equal(edit.moved.value.length, 1);
  assert.equal(await edit.save(), true);
  edit.set("smtp.host", "third.example.com");
  state.onChange = () => state.other({ meta: { appName: "Again" } });
  assert.equal(await edit.save(), false); // it never stops
  assert.equal(edit.wrong.value.status, 412);
  assert.equal(edit.at("smtp.host"), "third.example.com");
});

test("what is typed while it is saved stays", async () => {
  const { edit, state } = world();
  edit.set("smtp.host", "a.example.com");
  state.onChange = () => { edit.set("smtp.host", "b.example.com"); edit.set("smtp.port", 26); state.onChange = () => {}; };
  assert.equal(await edit.save(), true);
  assert.deepEqual(state.sent, [{ smtp: { host: "a.example.com" } }]);
  assert.equal(edit.at("smtp.host"), "b.example.com");
  assert.equal(edit.changes.value.size, 2);
});

test("a refusal is told at its field, or of another page", async () => {
  const { edit, state } = world();
  edit.set("smtp.host", "!");
  state.onChange = () => { throw failure(400, { smtp: { host: { code: "x", message: "No host." } }, meta: { appURL: { code: "y", message: "No URL." } } }); };
  assert.equal(await edit.save(), false);
  assert.equal(edit.faultAt("smtp.host"), "No host.");
  assert.deepEqual(edit.elsewhere(), [["meta.appURL", "No URL."]]);
  edit.discard();
  assert.equal(edit.at("smtp.host"), "smtp.example.com");
  edit.undoDiscard();
  assert.equal(edit.at("smtp.host"), "!");
});

test("a discard that is undone writes over nothing that somebody else has changed meanwhile", async () => {
  const { edit, state, known } = world();
  edit.set("smtp.host", "mine.example.com");
  edit.discard();
  state.other({ smtp: { host: "theirs.example.com" } });
  known.value = structuredClone(state.now); // told by another tab
  edit.undoDiscard();
  assert.equal(await edit.save(), false);
  assert.deepEqual(edit.moved.value, [{ path: "smtp.host", was: "smtp.example.com", now: "theirs.example.com" }]);
  assert.equal(state.sent.length, 0);
});

test("causes of failed tests", () => {
  const mail = (text) => causeOf(rawOf(`Failed to send the test email. Raw error: \n${text}`), mailCauses(Object.fromEntries(Object.keys(pages.mail.causes).map((key) => [key, key]))));
  for (const [text, cause] of [
    ["failed to locate a sendmail executable path.", "sendmail"],
    ["dial tcp: lookup smtp.nowhere: no such host", "host"],
    ["dial tcp 127.0.0.1:465: connect: connection refused", "refused"],
    ["tls: first record does not look like a TLS handshake", "notTls"],
    ["mail to 127.0.0.1:1: Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server.", "refused"],
    ["mail to a:465: Could not resolve host: a.", "host"],
    ["mail to a:25: OpenSSL/3.0.19: error:0A00010B:SSL routines::wrong version number.", "notTls"],
    ["mail to a:465: it does not answer.", "silent"],
    ["mail to a:587: Login denied", "password"],
    ["EOF", "needsTls"],
    ["dial tcp: i/o timeout", "timeout"],
    ["535 5.7.8 Authentication failed", "password"],
    ["unencrypted connection", "method"],
    ["550 relay denied", "sender"],
    ["nothing that is known", ""],
  ]) assert.equal(mail(text), cause, text);
  const s3 = (text) => causeOf(text, s3Causes(Object.fromEntries(Object.keys(pages.storage.causes).map((key) => [key, key]))));
  assert.equal(s3("S3 storage filesystem is not enabled."), "off");
  assert.equal(s3("<Code>NoSuchBucket</Code>"), "bucket");
  assert.equal(s3("SignatureDoesNotMatch 403"), "secret");
});

test("each setting with a hint has a label", () => {
  for (const path of Object.keys(texts.hints)) assert.ok(path in texts.labels, path);
});

test("addresses in ranges", () => {
  const v6 = "2001:0db8:0000:0000:0000:0000:0000:0001";
  for (const [ip, ranges, is] of [
    ["10.1.2.3", ["10.0.0.0/8"], true], ["11.1.2.3", ["10.0.0.0/8"], false], ["10.1.2.3", ["10.1.2.3"], true], ["10.1.2.3", ["0.0.0.0/0"], true],
    [v6, ["2001:db8::/32"], true], [v6, ["2001:db8::1"], true], [v6, ["2001:db8::2", "::/0"], true], [v6, ["0.0.0.0/0"], false], ["10.1.2.3", ["10.1.2.3/33", "x", "1.2.3.4.5", ":::", ""], false], ["", ["0.0.0.0/0"], false],
  ]) assert.equal(isInRanges(ip, ranges), is, `${ip} ${ranges}`);
});

test("a change remembers that there was nothing", () => {
  const typed = withChange(new Map(), "realtime.rooms", "a", null);
  const again = withChange(typed, "realtime.rooms", "ab", "theirs");
  assert.deepEqual(movedIn(again, { realtime: { rooms: "theirs" } }), [{ path: "realtime.rooms", was: null, now: "theirs" }]);
  assert.deepEqual(faultsOf(new Map([["logs.rate", { value: "1e3", was: 1000 }]])), ["logs.rate"]);
});
