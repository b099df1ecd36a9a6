// @ts-nocheck: the types of node are not installed
import assert from "node:assert/strict";
import { test } from "node:test";
import { words } from "../../src/i18n/en/rules.ts";
import { kindOfRule } from "../../src/lib/rule-kind.ts";
import { openToGuests, sayRule } from "../../src/lib/rule-words.ts";
import { scope } from "./filter-sample.ts";

const said = {
  '@request.auth.id != ""': "Signed-in users",
  "'' != @request.auth.id": "Signed-in users",
  '@request.auth.id = ""': "Guests alone",
  "author = @request.auth.id": "Users whose id equals author",
  '@request.auth.id != "" && author = @request.auth.id': "Signed-in users whose id equals author",
  "id = @request.auth.id": "Users whose id equals id",
  'status = "live"': "Everybody, where status equals “live”",
  'status = "live" || author = @request.auth.id': "Everybody, where status equals “live”; or users whose id equals author",
  '@request.auth.id != "" && (status = "live" || author = @request.auth.id)': "Signed-in users, where status equals “live” or author equals their id",
  '@request.auth.role = "admin"': "Users whose role equals “admin”",
  '@request.auth.role = "admin" && created > @todayStart': "Users whose role equals “admin”, where created is more than the start of today",
  '@request.auth.collectionName = "users" && @request.auth.verified = true': "Users of users whose verified equals true",
  "members.id ?= @request.auth.id": "Users whose id equals any id of members",
  "members ~ @request.auth.id": "Users whose id is part of members",
  "author.team.name = @request.auth.team.name": "Users whose name of team equals name of team of author",
  "@request.body.role:isset = false": "Everybody, where the sent role is not there",
  "@request.body.author:changed = false && @request.auth.id != ''": "Signed-in users, where the sent author does not change",
  "tags:length > 2": "Everybody, where the number of tags is more than 2",
  "comments_via_post.text ?= 'a'": "Everybody, where any text of comments (by post) equals “a”",
  '@request.method = "GET" && @request.headers.x_key = "k"': "Everybody, where the method equals “GET” and the header x_key equals “k”",
  'title = ""': "Everybody, where title is empty",
  // A guest has none of it, so what is not something, or empty, holds for guests, too.
  '@request.auth.role != "admin"': "Everybody whose role is not “admin”",
  '@request.auth.role = ""': "Everybody whose role is empty",
  "author != @request.auth.id": "Everybody whose id is not author",
  '@request.auth.role != ""': "Users whose role is not empty",
  '@request.auth.role != "admin" && @request.auth.verified = true': "Users whose role is not “admin” and verified equals true",
  '@request.auth.role = "admin" || @request.auth.role != "x"': "Users whose role equals “admin”; or everybody whose role is not “x”",
  '(@request.auth.role = "admin" || @request.auth.role != "x") && @request.auth.level > 1': "Users whose (role equals “admin” or role is not “x”) and level is more than 1",
  '@request.auth.id != "" && @request.auth.role != "admin"': "Signed-in users whose role is not “admin”",
  // Without a question mark all of them have to.
  '@collection.tags.name = "x"': "Everybody, where name of all of tags equals “x”",
  "title:lower = 'a' && @collection.tags.name ?= title": "Everybody, where title in small letters equals “a” and name of any of tags equals title",
};

test("rules in plain words", () => {
  for (const [rule, text] of Object.entries(said)) assert.equal(sayRule(rule, words), text, rule);
});

test("what is not understood is not said", () => {
  for (const rule of ["", "title ~ 'begins%'", "'%' !~ @request.auth.id", "author =", "geoDistance(place.lon, place.lat, 1, 2) < 5", "strftime('%Y', created) = '2026'", "@collection.tags:a.name = 'b'", '@request.auth.id = "" && @request.auth.id != "" && x = geoDistance(1,2,3,4)', "(".repeat(5000), "a = 1 && ".repeat(400) + "b = 2", "\0"]) assert.equal(sayRule(rule, words), null, rule.slice(0, 40));
});

test("where guests come in by an empty field", () => {
  assert.deepEqual(openToGuests("author = @request.auth.id", scope), ["author"]);
  assert.deepEqual(openToGuests("@request.auth.id = author || status = 'live'", scope), ["author"]);
  for (const rule of ['@request.auth.id != "" && author = @request.auth.id', "id = @request.auth.id", "author != @request.auth.id", 'status = "a"', "author =", '@request.auth.id != "" && (author = @request.auth.id || title = "")']) assert.deepEqual(openToGuests(rule, scope), [], rule);
  // All that is known of a guest is empty, and what is sent may be, too.
  assert.deepEqual(openToGuests("@request.body.author = @request.auth.id", scope), ["@request.body.author"]);
  assert.deepEqual(openToGuests("@request.auth.name = author.name || title = @request.auth.name", scope), ["author.name", "title"]);
  for (const rule of ["@request.auth.id = @request.auth.name", "@request.method = @request.auth.name", '@request.auth.id != "" && @request.body.author = @request.auth.id', "tags = @request.auth.id"]) assert.deepEqual(openToGuests(rule, scope), [], rule);
  const required = { ...scope, collection: { ...scope.collection, fields: [{ name: "author", type: "relation", collectionId: "c2", required: true }] } };
  assert.deepEqual(openToGuests("author = @request.auth.id", required), []);
});

test("kinds of rules", () => {
  for (const [rule, kind] of [[undefined, "none"], [null, "superusers"], ["", "everybody"], ['@request.auth.id != ""', "signedIn"], ["@request.auth.id != null", "signedIn"], ["'' != @request.auth.collectionName", "signedIn"], ['@request.auth.id = ""', "rule"], ["author = @request.auth.id", "rule"], ["broken (", "rule"], [7, "superusers"]]) assert.equal(kindOfRule(rule), kind, String(rule));
});
