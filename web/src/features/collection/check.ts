// What can be said of a definition before the server is asked, by the paths of CollectionEdit.errors.

import { t } from "../../i18n/t.ts";
import { td } from "../../i18n/t-def.ts";
import { BadDate, isObject } from "../../lib/values.ts";
import { sentFields, type Draft } from "./draft.ts";
import { optionsOf } from "./options.ts";

const nameShape = /^\w+$/;

const nameFault = (name: string, taken: ReadonlySet<string>): string => {
  if (name === "") return td.options.nameMissing;
  if (!nameShape.test(name)) return td.def.nameShape;
  return taken.has(name.toLowerCase()) ? td.options.nameTaken : "";
};

// Of who signs in: whole numbers as well.
const counts = ["otp.length", "otp.duration", "mfa.duration", ...["authToken", "passwordResetToken", "emailChangeToken", "verificationToken", "fileToken"].map((name) => `${name}.duration`)];

const settingIn = (options: Draft["options"], path: string): unknown => path.split(".").reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), options);

export const faultsOf = (draft: Draft): Map<string, string> => {
  const found = new Map<string, string>();
  const taken = new Set<string>();
  const say = (path: string, text: string) => text && found.set(path, text);
  say("name", draft.name === "" ? td.options.nameMissing : nameShape.test(draft.name) ? "" : td.def.nameShape);
  for (const { key, field } of draft.type === "view" ? [] : sentFields(draft)) {
    say(`fields.${key}.name`, nameFault(field.name, taken));
    taken.add(field.name.toLowerCase());
    for (const { name, kind } of optionsOf(field)) if ((kind === "count" || kind === "bytes") && typeof field[name] === "string") say(`fields.${key}.${name}`, td.options.notCount);
    for (const { name, kind } of optionsOf(field)) if (kind === "number" && typeof field[name] === "string") say(`fields.${key}.${name}`, t.fields.notNumber);
    for (const { name } of optionsOf(field)) if (field[name] instanceof BadDate) say(`fields.${key}.${name}`, t.fields.notDate);
    if (field.type === "relation" && !field["collectionId"]) say(`fields.${key}.collectionId`, td.options.noCollection);
    if (field.type === "select" && !(Array.isArray(field["values"]) && field["values"].length > 0)) say(`fields.${key}.values`, td.options.noValues);
    if (field.type === "autodate" && !field["onCreate"] && !field["onUpdate"]) say(`fields.${key}.onCreate`, td.options.noMoment);
  }
  for (const path of draft.type === "auth" ? counts : []) if (typeof settingIn(draft.options, path) === "string") say(path, td.options.notCount);
  return found;
};
