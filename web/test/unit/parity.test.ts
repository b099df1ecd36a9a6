// @ts-nocheck: node's own types are not installed here
// What an administrator of PocketBase finds there has a flow that does it here.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";

const flows = join(process.cwd(), "test/flows");

test("each line has a flow that proves it", () => {
  const parts = JSON.parse(readFileSync(join(flows, "../parity.json"), "utf8"));
  for (const [part, lines] of Object.entries(parts))
    for (const { what, flow, test: name } of lines) assert.ok(readFileSync(join(flows, flow), "utf8").includes(`it(${JSON.stringify(name)}`), `${part}: ${what}: ${flow} has no "${name}"`);
});
