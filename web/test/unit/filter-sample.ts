// Collections that the tests of filters share: posts, which have an author and tags, and comments.

const text = (name: string) => ({ name, type: "text" });
const relation = (name: string, collectionId: string, maxSelect = 1) => ({ name, type: "relation", collectionId, maxSelect });

export const posts = {
  id: "c1", name: "posts", type: "base",
  fields: [
    text("id"), text("title"), { name: "status", type: "select", maxSelect: 1, values: ["draft", "it's live"] }, { name: "kinds", type: "select", maxSelect: 3, values: ["a", "b"] },
    { name: "views", type: "number" }, { name: "isPinned", type: "bool" }, { name: "meta", type: "json" }, { name: "place", type: "geoPoint" },
    relation("author", "c2"), relation("tags", "c3", 9), { name: "created", type: "autodate" },
  ],
};
export const users = {
  id: "c2", name: "users", type: "auth",
  fields: [text("id"), { name: "email", type: "email" }, { name: "password", type: "password", hidden: true }, { ...text("tokenKey"), hidden: true }, text("name"), relation("boss", "c2")],
};
export const tags = { id: "c3", name: "tags", type: "base", fields: [text("id"), text("name")] };
export const comments = { id: "c4", name: "comments", type: "base", fields: [text("id"), text("text"), relation("post", "c1"), relation("lost", "gone")] };
export const scope = { collection: posts, collections: [posts, users, tags, comments] };
