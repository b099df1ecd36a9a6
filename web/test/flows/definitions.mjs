// What flows of definitions do on the page of a collection.

// A collection that has something to lose.
export const makePosts = async ({ call }) => {
  await call("POST", "collections", { name: "posts", type: "base", listRule: "title != ''", fields: [{ name: "title", type: "text" }, { name: "tags", type: "select", values: ["a", "b"], maxSelect: 2 }, { name: "score", type: "number" }], indexes: ["CREATE INDEX idx_title ON posts (title)"] });
  for (let n = 0; n < 3; n++) await call("POST", "collections/posts/records", { title: `t${n}`, tags: ["a", "b"], score: n });
};

export const bar = (page) => page.locator(".def-bar");
export const names = (page) => page.locator(".def-field-name").evaluateAll((all) => all.map((one) => one.value));
// The field of a name.
export const at = async (page, name) => page.locator(".def-field").nth((await names(page)).indexOf(name));
export const card = (page, title) => page.locator(".def-card").filter({ has: page.getByRole("heading", { name: title, exact: true }) });

export const review = async (page) => {
  await bar(page).getByRole("button", { name: /Review/ }).click();
  const dialog = page.locator("dialog"); // not the panel that it may be asked from
  await dialog.waitFor();
  return dialog;
};

export const save = async (page) => {
  await (await review(page)).getByRole("button", { name: /^Save/ }).click();
  await bar(page).getByText("Saved", { exact: true }).waitFor();
};
