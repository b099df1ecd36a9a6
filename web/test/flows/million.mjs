// A data directory with a collection of 1,000,000 rows, made once and kept by the hash of what
// makes it.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { isReference, startServer } from "./server.mjs";

const here = fileURLToPath(import.meta.url);
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "reeve");
export const rows = 1_000_000;

const collection = {
  id: "pbc_million0000",
  name: "million",
  type: "base",
  fields: [
    { name: "title", type: "text", presentable: true },
    { name: "n", type: "number" },
    { name: "status", type: "select", values: ["draft", "review", "published"], maxSelect: 1 },
    { name: "isOpen", type: "bool" },
    { name: "created", type: "autodate", onCreate: true },
  ],
  indexes: ["CREATE UNIQUE INDEX `idx_million_n` ON `million` (`n`)"],
};

const script = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("""WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < ${rows} - 1)
INSERT INTO million (id, title, n, status, isOpen, created)
SELECT printf('r%014d', n), 'Row number ' || n, n, CASE n % 3 WHEN 0 THEN 'draft' WHEN 1 THEN 'review' ELSE 'published' END, n % 2,
  strftime('%Y-%m-%d %H:%M:%S', 1735689600 + n, 'unixepoch') || '.000Z' FROM c""")
db.commit()
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
db.close()
`;

const make = async (target) => {
  const server = await startServer();
  await server.call("POST", "collections", collection, await server.signIn());
  const work = mkdtempSync(join(cache, "work."));
  await server.end();
  const done = spawnSync("python3", ["-c", script, join(server.dir, "data.db")]);
  if (done.status !== 0) throw new Error(`${done.stderr}`);
  cpSync(server.dir, join(work, "data"), { recursive: true });
  server.remove();
  if (!existsSync(target)) renameSync(join(work, "data"), target);
  rmSync(work, { recursive: true, force: true });
};

// A server on a copy of it.
export const startMillion = async () => {
  const key = createHash("sha256").update(readFileSync(here)).digest("hex").slice(0, 16);
  const target = join(cache, `million-${isReference ? "reference-" : ""}${key}`);
  mkdirSync(dirname(target), { recursive: true });
  if (!existsSync(target)) await make(target);
  return startServer({ from: target });
};
