// The server under test: REEVE_BINARY, or PocketBase itself with REEVE_TARGET=pocketbase, on a
// directory of its own. Before PocketBase, and where WEB_FILES says so, the dashboard's files come
// from tools/serve.mjs.

import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { serve } from "../../tools/serve.mjs";

const web = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const share = join(process.env.XDG_DATA_HOME ?? join(homedir(), ".local/share"), "reeve");
export const isReference = process.env.REEVE_TARGET === "pocketbase";
const binary = isReference ? join(share, "reference/bin/pocketbase") : resolve(process.env.REEVE_BINARY ?? join(web, "../build/reeve"));
const files = process.env.WEB_FILES ?? (isReference ? join(web, "../build/web/files") : "");
const startMs = 60_000;
const linkMs = 10_000;

export const root = { email: "root@example.com", password: "1234567890" };

// PocketBase behaves otherwise below the temp directory.
const scratch = () => {
  const at = isReference ? share : (process.env.REEVE_TEST_TMP ?? tmpdir());
  mkdirSync(at, { recursive: true });
  return mkdtempSync(join(at, "reeve-web-"));
};

const freePort = () =>
  new Promise((done, failed) => {
    const probe = createServer().on("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });

const launch = async (dir, port) => {
  const child = spawn(binary, ["serve", "--dir", dir, "--http", `127.0.0.1:${port}`]);
  const state = { output: "" };
  child.stdout.on("data", (text) => (state.output += text));
  child.stderr.on("data", (text) => (state.output += text));
  const ended = new Promise((done) => child.on("exit", (code, signal) => done(code ?? signal)));
  const until = Date.now() + startMs;
  while (!(await fetch(`http://127.0.0.1:${port}/api/health`).then((reply) => reply.ok, () => false))) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`the server did not start: ${state.output}`);
    await new Promise((done) => setTimeout(done, 20));
  }
  return {
    output: () => state.output,
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
    end: async () => {
      child.kill("SIGTERM");
      const code = await ended;
      if (code !== 0 || /Sanitizer|runtime error:/.test(state.output)) throw new Error(`the server ended with ${code}: ${state.output.slice(-4000)}`);
    },
  };
};

// superuser: there is one already (root); else the server has printed its link. from: a directory
// that is copied instead.
export const startServer = async ({ superuser = true, from } = {}) => {
  const home = scratch();
  const dir = join(home, "data");
  if (from) cpSync(from, dir, { recursive: true });
  else if (superuser) spawnSync(binary, ["superuser", "upsert", root.email, root.password, "--dir", dir]);
  const port = await freePort();
  let process = await launch(dir, port);
  const url = `http://127.0.0.1:${port}`;
  const front = files ? await serve({ files, to: url }) : null;
  const shown = front ? `http://127.0.0.1:${front.address().port}` : url;

  const call = async (method, path, body, token) => {
    const reply = await fetch(`${url}/api/${path}`, {
      method,
      headers: { "Content-Type": "application/json", ...(token ? { Authorization: token } : {}) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };

  const remove = () => rmSync(home, { recursive: true, force: true });
  const end = async () => {
    front?.closeAllConnections();
    front?.close();
    await process.end();
  };

  return {
    url: shown,
    dir,
    call,
    // The place in the dashboard of the link that a server without superuser prints.
    link: async () => {
      const until = Date.now() + linkMs;
      for (;;) {
        const [, place] = /\/_\/(#\/pbinstall\/[\w.-]+)/.exec(process.output()) ?? [];
        if (place) return place;
        if (Date.now() > until) throw new Error(`no link to the installer in ${linkMs} ms: ${process.output()}`);
        await new Promise((done) => setTimeout(done, 20));
      }
    },
    signIn: async () => (await call("POST", "collections/_superusers/auth-with-password", { identity: root.email, password: root.password })).token,
    kill: () => process.kill(),
    restart: async () => {
      process = await launch(dir, port);
    },
    end,
    remove, // after end(), which leaves the directory
    stop: () => end().finally(remove),
  };
};
