// Records and filters as texts for other programs. The token is never one of them.

import { lex } from "./filter/lex.ts";
import { quote as quoteFilter } from "./filter/print.ts";

export interface Copied {
  base: string;
  collection: string;
  filter: string;
  sort: string;
  ids?: readonly string[]; // of what is selected; all that passes the filter without them
}

const perPage = 50;

const js = (text: string): string => JSON.stringify(text);
const dart = (text: string): string => JSON.stringify(text).replaceAll("$", "\\$");
const shell = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

export const filterOfIds = (ids: readonly string[]): string => ids.map((id) => `id=${quoteFilter(id)}`).join(" || ");

export interface Bound {
  text: string;
  params: Record<string, string>;
}

// The texts of a filter as parameters. One that has marks of parameters in it stays what it is, and
// so does one that cannot be read; a backslash is nothing that the SDK would escape.
export const bound = (filter: string): Bound => {
  const plain = { text: filter, params: {} };
  if (filter.includes("{:")) return plain;
  const params: Record<string, string> = {};
  let text = "";
  let at = 0;
  let n = 0;
  for (const token of lex(filter)) {
    if (token.fault) return plain;
    if (token.kind !== "text" || token.value.includes("\\")) continue;
    n++;
    params[`p${n}`] = token.value;
    text += `${filter.slice(at, token.at)}{:p${n}}`;
    at = token.end;
  }
  return { text: text + filter.slice(at), params };
};

const written = (filter: string, print: (text: string) => string, key: (name: string) => string): string => {
  const { text, params } = bound(filter);
  const pairs = Object.entries(params).map(([name, value]) => `${key(name)}: ${print(value)}`);
  return pairs.length === 0 ? print(text) : `pb.filter(${print(text)}, { ${pairs.join(", ")} })`;
};

export const jsFilter = (filter: string): string => written(filter, js, (name) => name);
export const dartFilter = (filter: string): string => written(filter, dart, dart);

const wanted = ({ filter, ids }: Copied): string => (ids ? filterOfIds(ids) : filter);
const only = ({ ids }: Copied): string | undefined => (ids?.length === 1 ? ids[0] : undefined);

const path = ({ base, collection }: Copied): string => `${base}/api/collections/${encodeURIComponent(collection)}/records`;

export const curlOf = (of: Copied): string => {
  const id = only(of);
  const auth = `-H "Authorization: $TOKEN"`;
  if (id !== undefined) return `curl ${shell(`${path(of)}/${encodeURIComponent(id)}`)} \\\n  ${auth}`;
  const params = { filter: wanted(of), sort: of.sort, perPage: String(of.ids?.length ?? perPage) };
  const parts = Object.entries(params).filter(([, value]) => value !== "").map(([name, value]) => `--data-urlencode ${shell(`${name}=${value}`)}`);
  return [`curl -G ${shell(path(of))}`, auth, ...parts].join(" \\\n  ");
};

export const jsOf = (of: Copied): string => {
  const id = only(of);
  const begin = `import PocketBase from "pocketbase";\n\nconst pb = new PocketBase(${js(of.base)});\n`;
  const all = `pb.collection(${js(of.collection)})`;
  if (id !== undefined) return `${begin}const record = await ${all}.getOne(${js(id)});`;
  const filter = wanted(of);
  const options = [...(filter ? [`  filter: ${jsFilter(filter)},\n`] : []), ...(of.sort ? [`  sort: ${js(of.sort)},\n`] : [])].join("");
  return `${begin}const page = await ${all}.getList(1, ${of.ids?.length ?? perPage}${options ? `, {\n${options}}` : ""});`;
};

export const dartOf = (of: Copied): string => {
  const id = only(of);
  const begin = `import "package:pocketbase/pocketbase.dart";\n\nfinal pb = PocketBase(${dart(of.base)});\n`;
  const all = `pb.collection(${dart(of.collection)})`;
  if (id !== undefined) return `${begin}final record = await ${all}.getOne(${dart(id)});`;
  const filter = wanted(of);
  const options = [...(filter ? [`  filter: ${dartFilter(filter)},\n`] : []), ...(of.sort ? [`  sort: ${dart(of.sort)},\n`] : [])].join("");
  return `${begin}final page = await ${all}.getList(\n  page: 1,\n  perPage: ${of.ids?.length ?? perPage},\n${options});`;
};
