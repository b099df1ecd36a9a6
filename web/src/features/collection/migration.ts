// A change of a definition as the text of a migration, in JavaScript as hooks are (compat/hooks.md).

import type { Field } from "../../api/types.ts";
import { printJson } from "../../lib/json.ts";
import type { Body } from "./draft.ts";
import { withoutSecrets } from "./kept.ts";
import { same } from "./rebase.ts";

const indent = "  ";
const shown = (value: unknown): string => printJson(value, 2).replaceAll("\n", `\n${indent}`);

const isThat = (a: Field, b: Field): boolean => (a.id && b.id ? a.id === b.id : a.name === b.name);

// Whether those that stay stand in another order.
const isMoved = (from: readonly Field[], to: readonly Field[]): boolean => {
  const kept = to.flatMap((one) => from.find((other) => isThat(one, other)) ?? []);
  return !same(kept, from.filter((one) => kept.includes(one)));
};

const fieldSteps = (from: readonly Field[], to: readonly Field[]): string[] => [
  ...from.filter((one) => !to.some((other) => isThat(one, other))).map(({ id, name }) => (id ? `collection.fields.removeById(${printJson(id)})` : `collection.fields.removeByName(${printJson(name)})`)),
  ...to.flatMap((one, n) => {
    const { id, ...rest } = one;
    return !isMoved(from, to) && from.some((other) => isThat(one, other) && same(one, other)) ? [] : [`collection.fields.addAt(${n}, new Field(${shown(id ? one : rest)}))`];
  }),
];

// What makes `to` of `from`.
const steps = (from: Body, to: Body): string => {
  const options = Object.fromEntries(Object.entries(to).filter(([name, value]) => name !== "fields" && name !== "type" && !same(value, from[name])));
  const lines = [
    `const collection = app.findCollectionByNameOrId(${printJson(from.name)})`,
    ...(Object.keys(options).length > 0 ? [`unmarshal(${shown(options)}, collection)`] : []),
    ...fieldSteps(from.fields ?? [], to.fields ?? []),
    "return app.save(collection)",
  ];
  return lines.map((line) => indent + line).join("\n");
};

const creation = (body: Body): string => `${indent}return app.save(new Collection(${shown(body)}))`;
const removal = ({ name }: Body): string => `${indent}return app.delete(app.findCollectionByNameOrId(${printJson(name)}))`;

// before: null of a new collection. Secrets are in no text.
export const migrationOf = (before: Body | null, after: Body): string => {
  const [from, to] = [withoutSecrets(before) as Body | null, withoutSecrets(after) as Body];
  const [up, down] = from ? [steps(from, to), steps(to, from)] : [creation(to), removal(to)];
  return `migrate((app) => {\n${up}\n}, (app) => {\n${down}\n})\n`;
};
