// pictures.mjs DIR: the pictures of docs/dashboard.md, made of a server with a little data in it.
// REEVE_BINARY and WEB_FILES as for the flows.

import { join } from "node:path";
import { startBrowser } from "./flows/browser.mjs";
import { root, startServer } from "./flows/server.mjs";

const [dir] = process.argv.slice(2);
const titles = ["Slow start on Windows", "Dark colours in the editor", "Search finds nothing", "Export to CSV", "Photos are turned", "Sign in by code", "Crash on an empty file", "Shortcuts for all acts", "Totals are off by one", "Mails come twice", "Read on the train", "Undo of a delete"];
const states = ["open", "planned", "done"];

const fill = async (call) => {
  const users = await call("GET", "collections/users");
  const names = ["Ada", "Ben", "Chi"];
  const people = [];
  for (const name of names) people.push(await call("POST", "collections/users/records", { name, email: `${name.toLowerCase()}@example.com`, password: "1234567890", passwordConfirm: "1234567890" }));
  await call("POST", "collections", {
    name: "issues",
    type: "base",
    listRule: "@request.auth.id != ''",
    viewRule: "@request.auth.id != ''",
    updateRule: "author = @request.auth.id",
    indexes: ["CREATE INDEX idx_issues_state ON issues (state)"],
    fields: [
      { name: "title", type: "text", required: true, presentable: true, max: 120 },
      { name: "state", type: "select", values: states, maxSelect: 1 },
      { name: "votes", type: "number", onlyInt: true },
      { name: "isPublic", type: "bool" },
      { name: "author", type: "relation", collectionId: users.id, maxSelect: 1 },
      { name: "text", type: "editor" },
      { name: "due", type: "date" },
      { name: "files", type: "file", maxSelect: 5 },
      { name: "created", type: "autodate", onCreate: true },
    ],
  });
  await call("PATCH", "collections/users", { fields: users.fields.map((field) => (field.name === "name" ? { ...field, presentable: true } : field)) });
  for (const [n, title] of titles.entries())
    await call("POST", "collections/issues/records", { title, state: states[n % 3], votes: (n * 37) % 23, isPublic: n % 2 === 0, author: people[n % 3].id, text: `<p>${title}: as it was told, with <strong>all</strong> that is known.</p>`, due: `2030-0${1 + (n % 9)}-1${n % 10} 09:00:00.000Z` });
};

const shots = [
  ["records", '/data/issues?filter=state != "done"&sort=-votes', '[role="row"][aria-rowindex="2"]'],
  ["record", "/data/issues?sort=-votes&record=FIRST", ".drawer .rich, .drawer [data-rich], .drawer .record-field"],
  ["rules", "/data/issues/rules?test=updateRule", ".rule-test"],
  ["health", "/home", ".home-tile"],
];

const main = async () => {
  const server = await startServer();
  const browser = await startBrowser();
  const token = await server.signIn();
  const call = (method, path, body) => server.call(method, path, body, token);
  await fill(call);
  const [first] = (await call("GET", "collections/issues/records?sort=-votes&perPage=1")).items;
  const tab = await browser.open(server.url, { query: "#/data/issues" });
  await tab.signIn(root);
  for (const [name, at, what] of shots) {
    await tab.at(encodeURI(at.replace("FIRST", first.id)));
    await tab.page.locator(what).first().waitFor();
    await tab.page.waitForTimeout(1500);
    await tab.page.screenshot({ path: join(dir, `${name}.png`) });
  }
  await browser.stop();
  await server.stop();
};

await main();
