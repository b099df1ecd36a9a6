// The id of a new record, made here: a record whose creation was not answered can be found by it.

import type { Collection } from "../../api/types.ts";

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
const length = 15;
const most = 256 - (256 % letters.length);

export const newId = (): string => {
  let id = "";
  while (id.length < length) for (const byte of crypto.getRandomValues(new Uint8Array(length))) if (byte < most && id.length < length) id += letters[byte % letters.length];
  return id;
};

// Where ids are not those that a collection begins with they are the server's to make.
export const takesOwnId = ({ fields }: Collection): boolean => {
  const id = fields.find(({ name }) => name === "id");
  return id?.["autogeneratePattern"] === "[a-z0-9]{15}" && id["pattern"] === "^[a-z0-9]+$" && Number(id["min"] ?? 0) <= length && (Number(id["max"]) || length) >= length;
};
