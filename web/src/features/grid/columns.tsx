// The columns of a collection: its fields, as this device shows them.

import type { Signal } from "@preact/signals";
import type { Collection, Field, Row } from "../../api/types.ts";
import { kindOf } from "../../fields/index.ts";
import { relationChips } from "../../fields/relation/summary.ts";
import { formatDate, parseDate } from "../../i18n/format.ts";
import { isObject, summaryNames } from "../../lib/values.ts";
import { collection as collectionOf } from "../../state/instance.ts";
import { printPlace } from "../../lib/route.ts";
import { keptValue } from "../../state/prefs.ts";
import { isLocked } from "../../state/protect.ts";
import { query, setQuery } from "../../state/router.ts";
import type { Column, SortKey } from "../../ui/Grid/types.ts";

export interface ColumnPrefs {
  shown: readonly string[] | null; // in their order; null: as they come
  known?: readonly string[]; // that there were then: newer ones are shown behind them
  widths: Readonly<Record<string, number>>;
  wrap?: boolean; // cells have several lines
  frozen?: number; // how many of the first ones stay as the others are scrolled; none
}

export const mostFrozen = 4;

const none: ColumnPrefs = { shown: null, widths: {} };

const readPrefs = (kept: unknown): ColumnPrefs => {
  if (!isObject(kept)) return none;
  const { shown, known, widths: of, wrap, frozen } = kept;
  const isNames = (names: unknown): names is string[] => Array.isArray(names) && names.every((name) => typeof name === "string");
  const isWidth = (pair: [string, unknown]): pair is [string, number] => typeof pair[1] === "number";
  return {
    shown: isNames(shown) ? shown : null,
    ...(isNames(known) ? { known } : {}),
    widths: isObject(of) ? Object.fromEntries(Object.entries(of).filter(isWidth)) : {},
    wrap: wrap === true,
    ...(typeof frozen === "number" ? { frozen } : {}),
  };
};

export const columnPrefs = (collection: Collection): Signal<ColumnPrefs> => keptValue(`columns:${collection.id}`, none, readPrefs);

const widths: Partial<Record<string, number>> = { text: 220, editor: 280, number: 110, bool: 90, date: 170, autodate: 170, json: 240, file: 140, relation: 180, select: 150, geoPoint: 160 };
const usual = 200;
const ofId = 160;

// Those that may be columns; a password has nothing to show.
export const columnFields = ({ fields }: Collection): readonly Field[] => fields.filter(({ type }) => type !== "password");

const isUsual = ({ hidden }: Field): boolean => !hidden;

// `shared`: what an address says instead of this device; names that are not there are passed over.
export const shownFields = (collection: Collection, prefs: ColumnPrefs, shared: string | undefined): readonly Field[] => {
  const all = columnFields(collection);
  const newer = all.filter((field) => isUsual(field) && prefs.known && !prefs.known.includes(field.name)).map(({ name }) => name);
  const names = shared ? [...new Set(shared.split(","))] : prefs.shown && [...new Set([...prefs.shown, ...newer])];
  if (!names) return all.filter(isUsual);
  const found = names.map((name) => all.find((field) => field.name === name)).filter((field) => field !== undefined);
  return found.length > 0 ? found : all.filter(isUsual);
};

// null: as they come. Columns that the address names are changed there; those of a view until they are
// saved with it.
export const setShown = (collection: Collection, fields: readonly Field[] | null): void => {
  const prefs = columnPrefs(collection);
  const names = fields && fields.map(({ name }) => name);
  const { view, cols } = query.peek();
  if (view === undefined && cols !== undefined) return setQuery({ cols: names?.join(",") });
  if (view !== undefined) return setQuery({ cols: (names ?? columnFields(collection).filter(isUsual).map(({ name }) => name)).join(",") });
  prefs.value = { ...prefs.peek(), shown: names, known: columnFields(collection).map(({ name }) => name) };
};

// One of them before the one that is at `to` now; behind the last where there is none.
export const moved = (fields: readonly Field[], name: string, to: number): Field[] => {
  const field = fields.find((one) => one.name === name);
  const others = (of: readonly Field[]) => of.filter((one) => one !== field);
  return field ? [...others(fields.slice(0, to)), field, ...others(fields.slice(to))] : [...fields];
};

// An address, so that it can be opened beside this page; a plain click stays in it.
const IdLink = ({ collection, id }: { collection: Collection; id: string }) => (
  <a
    class="cell-link"
    tabIndex={-1}
    href={printPlace({ path: `/data/${encodeURIComponent(collection.name)}`, query: { record: id } })}
    onClick={(event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      setQuery({ record: id }, { replace: query.peek()["record"] !== undefined });
    }}
  >
    <code>{id}</code>
  </a>
);

const dated = (value: unknown): string => {
  const date = parseDate(String(value ?? ""));
  return date ? formatDate(date) : "";
};

// Where a line of text is said otherwise than it is copied.
const lines: Partial<Record<string, (value: unknown, field: Field, row: Row) => string>> = {
  bool: (value, { name }) => (value === true ? name : ""),
  date: dated,
  autodate: dated,
  relation: (value, field, row) => relationChips(field, value, row).map((chip) => chip.text).join(", "),
};

export const gridColumns = (collection: Collection, fields: readonly Field[], prefs: ColumnPrefs): Column<Row>[] =>
  fields.map((field, at) => {
    const { icon, Cell, text } = kindOf(field.type);
    return {
      key: field.name,
      title: field.name,
      icon: field.name === "id" ? "key-round" : icon,
      width: prefs.widths[field.name] ?? (field.name === "id" ? ofId : (widths[field.type] ?? usual)),
      align: field.type === "number" ? "end" : "start",
      frozen: at < Math.min(prefs.frozen ?? 0, mostFrozen),
      canSort: true,
      render: (row) => (field.name === "id" ? <IdLink collection={collection} id={row.id} /> : <Cell field={field} value={row[field.name]} row={row} />),
      text: (row) => (lines[field.type] ?? text)(row[field.name], field, row),
    };
  });

// What an input of one line can do is edited in place; the others are edited in the drawer.
const inPlace: ReadonlySet<string> = new Set(["text", "number", "bool", "email", "url", "date", "select"]);
export const isEditable = (collection: Collection, field: Field): boolean => collection.type !== "view" && !isLocked.value && field.name !== "id" && inPlace.has(field.type);

// --- what the API is asked -----------------------------------------------------------------------

const excerptChars = 200;

const listed = ({ name, type }: Field): string => (type === "editor" ? `${name}:excerpt(${excerptChars})` : name);

export const fieldsOf = (fields: readonly Field[]): string =>
  [...new Set(["id", "collectionId", "collectionName", ...fields.map(listed), ...(fields.some(({ type }) => type === "relation") ? ["expand"] : [])])].join(",");

export const expandOf = (fields: readonly Field[]): string =>
  fields
    .filter(({ type }) => type === "relation")
    .map(({ name }) => name)
    .join(",");

// "-created,author.name" as keys of columns; what is no column is left out.
export const parseSort = (text: string, fields: readonly Field[]): SortKey[] =>
  text
    .split(",")
    .map((key) => ({ key: key.replace(/^[+-]/, "").split(".")[0] ?? "", desc: key.startsWith("-") }))
    .filter(({ key }) => fields.some(({ name }) => name === key));

// The field that a record is called by first.
const summaryField = (collectionId: string): string | undefined => {
  const { fields } = collectionOf(collectionId) ?? { fields: [] };
  const presentable = fields.find((field) => field.presentable);
  return presentable?.name ?? summaryNames.find((name) => fields.some((field) => field.name === name));
};

// A relation is sorted by what its records are called.
export const printSort = (keys: readonly SortKey[], fields: readonly Field[]): string =>
  keys
    .map(({ key, desc }) => {
      const field = fields.find(({ name }) => name === key);
      const inner = field?.type === "relation" ? summaryField(String(field["collectionId"])) : undefined;
      return `${desc ? "-" : ""}${key}${inner ? `.${inner}` : ""}`;
    })
    .join(",");
