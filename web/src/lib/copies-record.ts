// A record, and what is done with it, in the languages that it is copied for.

import { curl } from "./curl.ts";
import { printJson } from "./json.ts";
import type { Language } from "./snippets.ts";

export interface RecordAt {
  base: string; // of the server
  collection: string;
  id: string;
}

const text = (value: string): string => JSON.stringify(value);
// Dart reads $ in a text as the beginning of a name.
const dart = (json: string): string => json.replaceAll("$", "\\$");

const url = ({ base, collection, id }: RecordAt): string => `${base}/api/collections/${encodeURIComponent(collection)}/records/${encodeURIComponent(id)}`;

// Where nothing is changed the record is read.
export const curlOf = (at: RecordAt, changes: object): string =>
  Object.keys(changes).length === 0 ? curl({ url: url(at) }) : curl({ method: "PATCH", url: url(at), body: changes });

export const updateOf = (language: "js" | "dart", { base, collection, id }: RecordAt, body: object): string =>
  language === "js"
    ? `import PocketBase from "pocketbase";\n\nconst pb = new PocketBase(${text(base)});\n// pb.authStore.save(token, null);\nconst record = await pb.collection(${text(collection)}).update(${text(id)}, ${printJson(body, 2)});`
    : dart(`import "package:pocketbase/pocketbase.dart";\n\nfinal pb = PocketBase(${text(base)});\n// pb.authStore.save(token, null);\nfinal record = await pb.collection(${text(collection)}).update(${text(id)}, body: ${printJson(body, 2)});`);

// With a token that is shown beside it: curl has it as $TOKEN, the others as a text.
export const asSomebody = (language: Language, { base, collection, id }: RecordAt, token: string): string =>
  ({
    js: `import PocketBase from "pocketbase";\n\nconst pb = new PocketBase(${text(base)});\npb.authStore.save(${text(token)}, null);\nconst me = await pb.collection(${text(collection)}).getOne(${text(id)});`,
    dart: dart(`import "package:pocketbase/pocketbase.dart";\n\nfinal pb = PocketBase(${text(base)});\npb.authStore.save(${text(token)}, null);\nfinal me = await pb.collection(${text(collection)}).getOne(${text(id)});`),
    curl: `TOKEN=${token}\n${curl({ url: url({ base, collection, id }) })}`,
  })[language];
