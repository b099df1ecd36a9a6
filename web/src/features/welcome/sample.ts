// A small blog: what a new instance can begin with, and looks like something.

import { createRecords } from "../../api/records.ts";
import { createCollection, importCollections } from "../../api/collections.ts";
import { perBatch } from "../../state/instance.ts";

const dates = [
  { name: "created", type: "autodate", onCreate: true, onUpdate: false },
  { name: "updated", type: "autodate", onCreate: true, onUpdate: true },
];

const mine = "@request.auth.id != '' && author = @request.auth.id";

const posts = {
  id: "pbc_sampleposts",
  name: "posts",
  type: "base",
  listRule: "status = 'published' || author = @request.auth.id",
  viewRule: "status = 'published' || author = @request.auth.id",
  createRule: mine,
  updateRule: mine,
  deleteRule: mine,
  fields: [
    { name: "title", type: "text", required: true, max: 200, presentable: true },
    { name: "content", type: "editor" },
    { name: "status", type: "select", values: ["draft", "published"], maxSelect: 1, required: true },
    { name: "tags", type: "select", values: ["news", "guide", "release", "story"], maxSelect: 4 },
    { name: "cover", type: "file", maxSelect: 1, mimeTypes: ["image/png", "image/jpeg", "image/webp"], thumbs: ["100x100"] },
    { name: "author", type: "relation", collectionId: "_pb_users_auth_", maxSelect: 1 },
    ...dates,
  ],
  indexes: ["CREATE INDEX `idx_posts_created` ON `posts` (`created`)"],
};

const comments = {
  id: "pbc_samplecomms",
  name: "comments",
  type: "base",
  listRule: "post.status = 'published'",
  viewRule: "post.status = 'published'",
  createRule: mine,
  updateRule: mine,
  deleteRule: mine,
  fields: [
    { name: "text", type: "text", required: true, max: 2000, presentable: true },
    { name: "post", type: "relation", collectionId: "pbc_sampleposts", maxSelect: 1, required: true, cascadeDelete: true },
    { name: "author", type: "relation", collectionId: "_pb_users_auth_", maxSelect: 1 },
    ...dates,
  ],
  indexes: ["CREATE INDEX `idx_comments_post` ON `comments` (`post`)"],
};

const titles = ["Hello, world", "How we name things", "The first release", "A week on call", "Reading a flame graph", "What a rule can see", "Moving house", "Small files, many of them"];
const remarks = ["Thank you for this.", "How long did it take?", "I would do it the same way.", "The second picture is missing.", "Read it twice.", "More of these, please."];
const tags = ["news", "guide", "release", "story"];
const nComments = 12;

const id = (kind: string, n: number): string => `sample${kind}${String(n).padStart(15 - 6 - kind.length, "0")}`;

const postRows = titles.map((title, n) => ({
  id: id("post", n),
  title,
  content: `<p>${title}: a sample record. Change it, or delete it with its collection.</p>`,
  status: n % 4 === 3 ? "draft" : "published",
  tags: [tags[n % tags.length]],
}));

const commentRows = Array.from({ length: nComments }, (_, n) => ({ id: id("comment", n), text: remarks[n % remarks.length], post: id("post", (n * 3) % titles.length) }));

// Resolves to the collection to look at first.
export const makeSample = async (): Promise<string> => {
  await importCollections([posts, comments]);
  await createRecords("posts", postRows, perBatch());
  await createRecords("comments", commentRows, perBatch());
  return "posts";
};

export const makeOwn = async (name: string): Promise<string> =>
  (await createCollection({ name, type: "base", fields: [{ name: "title", type: "text", presentable: true }, ...dates] })).name;
