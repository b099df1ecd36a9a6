// What is selected, or what matches, as texts for elsewhere.

import { explain } from "../../api/error.ts";
import { formatNumber } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { base } from "../../lib/base.ts";
import { curlOf, dartOf, filterOfIds, jsFilter, jsOf, type Copied } from "../../lib/copies.ts";
import { copyText } from "../../lib/clipboard.ts";
import { printJson } from "../../lib/json.ts";
import { printPlace } from "../../lib/route.ts";
import { query } from "../../state/router.ts";
import { toast } from "../../state/toasts.ts";
import { Menu, type MenuItem } from "../../ui/Menu/Menu.tsx";
import { fewIds, rowsOfIds, type Chosen } from "./bulk.ts";

const mostRead = 1000; // rows that are asked for only to be copied
const mostNamed = 100; // ids that a filter can hold

type Kind = keyof typeof t.bulk.copies;

// Of several records the address is a filter that finds them.
const addressOf = ({ collection, ids, filter, sort }: Chosen): string => {
  const path = `/data/${encodeURIComponent(collection.name)}`;
  const named = ids && [...ids];
  const shown = named ? (named.length === 1 ? { record: named[0] } : { filter: filterOfIds(named) }) : { filter, sort, cols: query.peek()["cols"], view: query.peek()["view"] };
  return `${base()}/_/${printPlace({ path, query: shown })}`;
};

// Some may have come since they were counted.
const idsOf = async (chosen: Chosen): Promise<string[]> => (await fewIds(chosen, Infinity)) ?? [];

const copied = ({ collection, filter, sort, ids }: Chosen): Copied => ({ base: base(), collection: collection.name, filter, sort, ...(ids ? { ids: [...ids] } : {}) });

const json = async (chosen: Chosen): Promise<string> => {
  const rows = await rowsOfIds(chosen.collection.name, await idsOf(chosen));
  return printJson(rows.length === 1 && chosen.ids ? rows[0] : rows, 2);
};

type Write = (chosen: Chosen) => string | Promise<string>;

const writes: Record<Kind, Write> = {
  address: addressOf,
  ids: async (chosen) => (chosen.ids ? [...chosen.ids] : await idsOf(chosen)).join("\n"),
  json,
  curl: (chosen) => curlOf(copied(chosen)),
  js: (chosen) => jsOf(copied(chosen)),
  dart: (chosen) => dartOf(copied(chosen)),
  filter: ({ ids, filter }) => jsFilter(ids ? filterOfIds([...ids]) : filter),
};

// A text that has to be asked for first is promised at once: later the browser would refuse it.
const write = async (text: string | Promise<string>): Promise<void> => {
  if (typeof text === "string" || !navigator.clipboard) {
    if (!(await copyText(await text))) throw new DOMException("refused", "NotAllowedError");
    return;
  }
  const blob = text.then((made) => new Blob([made], { type: "text/plain" }));
  await Promise.all([text, navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })])]);
};

const copy = async (kind: Kind, chosen: Chosen, onDone: (text: string) => void): Promise<void> => {
  const label = t.bulk.copies[kind];
  try {
    await write(writes[kind](chosen));
    onDone(t.bulk.copied(label));
  } catch (error) {
    const isRefused = error instanceof TypeError || error instanceof DOMException;
    toast("error", isRefused ? `${t.bulk.copyRefused}. ${t.bulk.copyRefusedFix}` : explain(error).what);
  }
};

const mostOf = (kind: Kind, { ids }: Chosen): number => (kind === "json" || kind === "ids" ? (ids && kind === "ids" ? Infinity : mostRead) : ids ? mostNamed : Infinity);

const kinds = Object.keys(writes) as Kind[];

export const CopyMenu = ({ chosen, onDone }: { chosen: Chosen; onDone: (text: string) => void }) => {
  const items = kinds
    .filter((kind) => kind !== "filter" || chosen.ids || chosen.filter)
    .map((kind): MenuItem => {
      const most = mostOf(kind, chosen);
      const isMany = most !== Infinity && (chosen.n ?? Infinity) > most;
      return { label: t.bulk.copies[kind], act: () => void copy(kind, chosen, onDone), ...(isMany ? { disabled: t.bulk.copyTooMany(formatNumber(most)) } : {}) };
    });
  return <Menu label={t.bulk.copyAs} icon="copy" placement="top-end" groups={[{ title: chosen.ids ? t.bulk.copySelected(formatNumber(chosen.ids.size)) : t.bulk.copyFilter, items }]} />;
};
