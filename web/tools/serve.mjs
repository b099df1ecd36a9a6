// serve.mjs [--to URL] [--port N] [--files DIR | --watch]: the dashboard's files at /_/ with the
// headers that the server gives them, and all else from a server that runs at URL, Reeve or
// PocketBase. For development and tests only.
//
// --watch builds, with the gallery, whenever a source changes.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, request } from "node:http";
import { extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { types } from "./pack.mjs";

export const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; media-src 'self' blob:; " +
  "frame-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const framePolicy =
  "default-src 'none'; script-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https:; media-src 'self' https:; font-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

const sendFile = async (files, name, reply) => {
  const path = join(files, name || "index.html");
  const isThere = /^[\w.-]*$/.test(name) && (await stat(path).catch(() => null))?.isFile();
  if (!isThere) return reply.writeHead(404).end();
  reply.writeHead(200, { "Content-Type": types[extname(path)] ?? "application/octet-stream", "Content-Security-Policy": name === "frame.html" ? framePolicy : policy, "Cache-Control": "no-cache" });
  createReadStream(path).pipe(reply);
};

const passOn = (to, ask, reply) => {
  const asked = request(new URL(ask.url, to), { method: ask.method, headers: ask.headers }, (answer) => {
    reply.writeHead(answer.statusCode, answer.headers);
    answer.pipe(reply);
    answer.on("close", () => answer.complete || reply.destroy()); // cut off, as the server was
  });
  asked.on("error", () => reply.destroy()); // as a server that is not there
  reply.on("close", () => asked.destroy());
  ask.pipe(asked);
};

// Resolves to the server once it listens; port 0: any that is free.
export const serve = ({ files, to, port = 0 }) =>
  new Promise((done) => {
    const server = createServer((ask, reply) => {
      const name = /^\/_\/([^?]*)/.exec(ask.url);
      if (name) void sendFile(files, name[1], reply);
      else passOn(to, ask, reply);
    });
    server.listen(port, "127.0.0.1", () => done(server));
  });

const main = async () => {
  const { values } = parseArgs({ options: { to: { type: "string" }, port: { type: "string" }, files: { type: "string" }, watch: { type: "boolean" } } });
  const files = resolve(values.files ?? fileURLToPath(new URL("../../build/web/files", import.meta.url)));
  if (values.watch) await (await import("./watch.mjs")).watch(files);
  const server = await serve({ files, to: values.to ?? "http://127.0.0.1:8090", port: Number(values.port ?? 8091) });
  console.log(`http://127.0.0.1:${server.address().port}/_/`);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
