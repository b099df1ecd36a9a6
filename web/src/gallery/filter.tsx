import { useState } from "preact/hooks";
import type { Collection, Field } from "../api/types.ts";
import { understand } from "../lib/filter/understand.ts";
import { recordItem } from "../lib/filter/records.ts";
import { Builder } from "../ui/FilterBar/Builder.tsx";
import { FilterBar } from "../ui/FilterBar/FilterBar.tsx";
import type { AskRecords } from "../ui/FilterBar/records.ts";

const field = (name: string, type: Field["type"], more: Record<string, unknown> = {}): Field => ({ id: name, name, type, system: false, hidden: false, ...more });

const collection = (id: string, name: string, fields: Field[]): Collection => ({
  id, name, type: "base", system: false, indexes: [], listRule: "", viewRule: "", createRule: "", updateRule: "", deleteRule: "", created: "", updated: "", fields: [field("id", "text"), ...fields],
});

const posts = collection("c1", "posts", [
  field("title", "text"), field("status", "select", { maxSelect: 1, values: ["draft", "in review", "published"] }), field("views", "number"), field("isPinned", "bool"),
  field("author", "relation", { collectionId: "c2", maxSelect: 1 }), field("tags", "relation", { collectionId: "c3", maxSelect: 9 }), field("meta", "json"), field("created", "autodate"),
]);
const users = collection("c2", "users", [field("name", "text"), field("email", "email"), field("password", "password")]);
const tags = collection("c3", "tags", [field("name", "text")]);
const comments = collection("c4", "comments", [field("text", "editor"), field("post", "relation", { collectionId: "c1", maxSelect: 1 })]);
const all = [posts, users, tags, comments];

const past = ["status = 'draft'", "created > @monthStart && author.name ~ 'jo'", "views >= 100"];

const people = ["Ada Lovelace", "Alan Turing", "Grace Hopper", "Grace Hopper", "Edsger W. Dijkstra, who writes letters by hand and signs each of them", ""];

const ask: AskRecords = (wanted, signal) =>
  new Promise((done, failed) => {
    const found = people.map((name, n) => ({ id: `${wanted.collection.name}${n}`.padEnd(15, "0"), name })).filter(({ name }) => name.toLowerCase().includes(wanted.text.toLowerCase()));
    setTimeout(() => (wanted.text === "fail" ? failed(new Error("It was made to fail.")) : done(found.map((row) => recordItem(wanted.collection, row)))), 200);
    signal.addEventListener("abort", () => failed(new DOMException("stopped", "AbortError")));
  });

const Bar = ({ value: first, history = past }: { value: string; history?: readonly string[] }) => {
  const [value, apply] = useState(first);
  return <FilterBar collection={posts} collections={all} value={value} onApply={apply} history={history} ask={ask} />;
};

// What has a fault stays text; the rows wait until it is mended.
const Faulty = () => {
  const wrong = understand("titel = 'b'", { collection: posts, collections: all });
  return (
    <>
      <Bar value="title ~ 'never closed" history={[]} />
      <Bar value="title ~ 'a' && (views > 3" history={[]} />
      <Bar value="views => 3 & title" history={[]} />
      <Bar value="titel = 'b'" history={[]} />
      <Builder scope={{ collection: posts, collections: all }} meaning={wrong} value="" ask={ask} onChange={() => undefined} onApply={() => undefined} />
    </>
  );
};

export const filters = {
  FilterBarFaulty: Faulty,
  FilterBar: () => (
    <>
      <Bar value="" />
      <Bar value="status = 'draft' && (views > 100 || tags.name ?~ 'go') && created >= @monthStart" />
      <Bar value="title ~ 'a' && titel = 'b'" />
      <Bar value="strftime('%Y', created) = '2026'" history={[]} />
    </>
  ),
};
