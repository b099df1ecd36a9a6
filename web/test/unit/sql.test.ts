// @ts-nocheck: there are no types of node here

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planOf, sortRows, writers } from "../../src/lib/sql-result.ts";
import { doingOf, faultOf, splitSql, statementAt } from "../../src/lib/sql-split.ts";

const texts = (sql) => splitSql(sql).map(({ text }) => text);
const doing = (sql) => {
  const { verb, target, writes, isSchema } = doingOf(sql, splitSql(sql)[0]);
  return [verb, target, writes, isSchema];
};

describe("sql: statements", () => {
  it("ends them at semicolons that stand in nothing else", () => {
    assert.deepEqual(texts("select 1; select ';', \"a;b\", [c;d], `e;f` ;; -- g;\n/* h; */ select 'it''s;'"), ["select 1", "select ';', \"a;b\", [c;d], `e;f`", "select 'it''s;'"]);
    assert.deepEqual(texts("  -- nothing\n;/* at all"), []);
    assert.deepEqual(texts("select 'not closed; select 2"), ["select 'not closed; select 2"]);
  });
  it("keeps the body of a trigger together", () => {
    const trigger = "create temp trigger t after insert on a begin update a set n = case when 1 then 2 end; delete from b; end";
    assert.deepEqual(texts(`${trigger}; select 1`), [trigger, "select 1"]);
    assert.deepEqual(texts("begin; select case when 1 then 2 end; end; select 3"), ["begin", "select case when 1 then 2 end", "end", "select 3"]);
  });
  it("ends a trigger at the END that stands alone, whatever its columns are called", () => {
    const trigger = "create trigger t after update on a when new.begin < new.end begin update a set end = new.end, begin = case when 1 then new.begin end; delete from b; end";
    assert.deepEqual(texts(`${trigger}; select 1; select 2`), [trigger, "select 1", "select 2"]);
    assert.deepEqual(texts(`explain query plan ${trigger}; select 1`), [`explain query plan ${trigger}`, "select 1"]);
  });
  it("finds the one at the cursor", () => {
    const sql = "select 1;\nselect 2;\nselect 3";
    const all = splitSql(sql);
    assert.equal(statementAt(all, sql.indexOf("2")).text, "select 2");
    assert.equal(statementAt(all, sql.indexOf(";\nselect 2") + 1).text, "select 1");
    assert.equal(statementAt(splitSql("-- c\nselect 1"), 0).text, "select 1");
    assert.equal(statementAt([], 0), undefined);
  });
  it("takes any text", () => {
    for (const sql of ["\0", "'", "[", "/*", "--", "é€😀;", "''''''", `'${"a''".repeat(200_000)}`, "(".repeat(100_000), `{{posts}}[[id]]`]) for (const one of splitSql(sql)) doingOf(sql, one);
  });
});

describe("sql: what a statement does", () => {
  it("names what it changes", () => {
    assert.deepEqual(doing("insert or replace into main.\"my posts\" values (1)"), ["INSERT", "main.my posts", true, false]);
    assert.deepEqual(doing("UPDATE posts SET a = 1"), ["UPDATE", "posts", true, false]);
    assert.deepEqual(doing("update or ignore posts set a = 1"), ["UPDATE", "posts", true, false]);
    assert.deepEqual(doing("delete from [a b] where 1"), ["DELETE", "a b", true, false]);
    assert.deepEqual(doing("create unique index if not exists i on t (a)"), ["CREATE INDEX", "i", true, true]);
    assert.deepEqual(doing("drop table if exists t"), ["DROP TABLE", "t", true, true]);
    assert.deepEqual(doing("alter table t add column c"), ["ALTER TABLE", "t", true, true]);
    assert.deepEqual(doing("vacuum"), ["VACUUM", "", true, false]);
  });
  it("knows what only reads", () => {
    assert.deepEqual(doing("-- delete\nselect 'delete from t'"), ["SELECT", "", false, false]);
    assert.deepEqual(doing("with x as (select 1), y(a) as (values (1)) select * from x"), ["SELECT", "", false, false]);
    assert.deepEqual(doing("with x as (select 1) delete from t where a in x"), ["DELETE", "t", true, false]);
    assert.deepEqual(doing("with x as (select 1"), ["", "", true, false].with(0, ""));
    assert.equal(doing("pragma table_info(posts)")[2], false);
    assert.equal(doing("pragma user_version = 1")[2], true);
    assert.equal(doing("pragma optimize")[2], true);
    assert.equal(doing("explain query plan delete from t")[2], false);
    assert.deepEqual(["(select 1)", "selec 1", "'delete' from t", "1"].map((sql) => doing(sql)[2]), [false, false, false, false]);
    for (const sql of ["begin", "attach 'x' as y", "reindex", "end"]) assert.equal(doing(sql)[2], true, sql);
  });
  it("takes nothing for a read that sets something, or may do so", () => {
    for (const sql of ["pragma user_version(7)", "pragma main.user_version", "pragma \"optimize\"(table_info)", "explain pragma foreign_keys = 0", "explain query plan pragma foreign_keys(0)", "with explain as (select 1) delete from t", "with a as (select 1), explain(b) as (select 2) delete from t"])
      assert.equal(doing(sql)[2], true, sql);
    for (const sql of ["pragma table_info(posts)", "pragma user_version", "explain pragma table_info(t)", "pragma integrity_check(3)", "explain with x as (select 1) delete from t"]) assert.equal(doing(sql)[2], false, sql);
  });
  it("finds the place of what failed", () => {
    const sql = "select 1;\nselec 'selec' from t";
    const two = splitSql(sql)[1];
    assert.deepEqual(faultOf(two, 'near "selec": syntax error (1).'), { at: sql.indexOf("selec '"), length: 5, message: 'near "selec": syntax error (1).' });
    assert.equal(faultOf(two, "no such column: p.Elsewhere"), undefined);
    assert.equal(faultOf(splitSql("select p.Nope from p")[0], "no such column: p.nope").at, 9);
  });
});

describe("sql: results", () => {
  const rows = [["10", "b"], ["9", null], [null, ""]].map((cells, n) => ({ id: String(n), cells }));
  it("sorts numbers as numbers, and NULL first", () => {
    assert.deepEqual(sortRows(rows, [{ key: "0", desc: false }]).map(({ id }) => id), ["2", "1", "0"]);
    assert.deepEqual(sortRows(rows, [{ key: "1", desc: true }]).map(({ id }) => id), ["0", "2", "1"]);
  });
  it("sorts numbers by all of their digits", () => {
    const big = ["9007199254740993", "9007199254740992", "1e999", "1e999", "-9007199254740993"].map((cell, n) => ({ id: String(n), cells: [cell] }));
    assert.deepEqual(sortRows(big, [{ key: "0", desc: false }]).map(({ id }) => id), ["4", "1", "0", "2", "3"]);
  });
  it("is copied without losing a column or a NULL", () => {
    assert.deepEqual(JSON.parse(writers.json(["a", "a"], rows))[1], { a: "9", a_2: null });
    assert.equal(writers.tsv(["a", "b"], [{ id: "0", cells: ["x\ty", null] }]), "a\tb\nx y\t");
    assert.equal(writers.markdown(["a|b"], [{ id: "0", cells: [null] }, { id: "1", cells: ["1\n2"] }]), "| a\\|b |\n| --- |\n| NULL |\n| 1<br>2 |");
  });
  it("reads a plan as a tree", () => {
    const plan = planOf([["2", "0", "0", "SCAN posts"], ["5", "2", "0", "SEARCH users USING INDEX i"], ["9", "0", "0", "SCAN CONSTANT ROW"], [null, "77", null, null]]);
    assert.deepEqual(plan.map(({ scans, inner }) => [scans, inner.length]), [[true, 1], [false, 0], [false, 0]]);
  });
});
