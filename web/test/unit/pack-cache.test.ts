// @ts-nocheck: the types of node are not installed
// tools/web.sh, with an npm and a node that only say what they were asked for.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const script = ["../tools/web.sh", "tools/web.sh"].find((path) => existsSync(path));

const npm = `#!/bin/bash
echo "npm $*" >>"$LOG"
mkdir -p node_modules/node-linux-{x64,arm64}/bin
for arch in x64 arm64; do cp "$(dirname "$0")/node" node_modules/node-linux-$arch/bin/node; done
`;
const node = `#!/bin/bash
[ "$1" = -p ] && { echo "$MAJOR"; exit; }
echo "node $0" >>"$LOG"
cp "$TOP/web/source" "\${@: -1}/assets.pack"
if [ -s "$TOP/changes" ]; then head -n 1 "$TOP/changes" >"$TOP/web/source"; sed -i 1d "$TOP/changes"; fi
`;
const go = `set -euo pipefail
top=$TOP; cache_root=$CACHE
say() { echo "dev: $*" >&2; }
die() { say "$*"; exit 1; }
. "$top/web.sh"
web_pack
`;

const within = (act) => {
  const home = mkdtempSync(join(tmpdir(), "web pack "));
  const [top, cache, bin, log] = ["top", "cache", "bin", "log"].map((name) => join(home, name));
  for (const dir of [join(top, "web"), join(top, "docs"), cache, bin]) mkdirSync(dir, { recursive: true });
  for (const [path, text] of [[join(bin, "npm"), npm], [join(bin, "node"), node]]) {
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  }
  for (const name of ["package.json", "package-lock.json"]) writeFileSync(join(top, "web", name), "{}");
  writeFileSync(join(top, "web/source"), "one\n");
  writeFileSync(join(top, "docs/dashboard.md"), "# How\n");
  writeFileSync(log, "");
  copyFileSync(script, join(top, "web.sh"));
  const pack = (major = "20") => {
    const { status, stdout, stderr } = spawnSync("bash", ["-c", go], { encoding: "utf8", env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, TOP: top, CACHE: cache, LOG: log, MAJOR: major } });
    return { status, stderr, made: status === 0 ? readFileSync(join(stdout.trim(), "assets.pack"), "utf8") : "" };
  };
  try {
    act({ top, cache, pack, log: () => readFileSync(log, "utf8") });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
};
const packs = (cache) => readdirSync(cache).filter((name) => /^web-[0-9a-f]{16}$/.test(name));

test("the same sources are built once", () =>
  within(({ pack, log }) => {
    assert.equal(pack().made, "one\n");
    assert.equal(pack().made, "one\n");
    assert.equal(log().match(/^node /gm).length, 1);
  }));

test("what was built while sources changed is not kept", () =>
  within(({ top, cache, pack }) => {
    writeFileSync(join(top, "changes"), "two\n");
    assert.equal(pack().made, "two\n");
    assert.equal(packs(cache).length, 1);
    writeFileSync(join(top, "web/source"), "one\n");
    assert.equal(pack().made, "one\n");
    writeFileSync(join(top, "web/source"), "a\n");
    appendFileSync(join(top, "changes"), "b\nc\nd\ne\n");
    const { status, stderr } = pack();
    assert.notEqual(status, 0);
    assert.match(stderr, /sources change while it is built/);
    assert.equal(packs(cache).length, 2);
  }));

test("a node that is too old does not build", () =>
  within(({ pack, log }) => {
    assert.equal(pack("18").made, "one\n");
    assert.match(log(), /npm install .*node-linux-/);
    assert.match(log(), /^node .*cache\/node-[\d.]+\/node$/m);
  }));

test("what an interrupted build has left goes after a day", () =>
  within(({ cache, pack }) => {
    for (const name of ["work.aaaaaa", "work.bbbbbb"]) mkdirSync(join(cache, name));
    const old = Date.now() / 1000 - 2 * 86_400;
    utimesSync(join(cache, "work.aaaaaa"), old, old);
    assert.equal(pack().status, 0);
    assert.deepEqual(readdirSync(cache).filter((name) => name.startsWith("work.")), ["work.bbbbbb"]);
  }));
