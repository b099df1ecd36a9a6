// Tables and their columns; what is chosen goes into the query. One stop of Tab, arrows inside.

import { computed } from "@preact/signals";
import { useMemo, useRef, useState } from "preact/hooks";
import { ts } from "../../i18n/t-sql.ts";
import { collections } from "../../state/instance.ts";
import { Icon } from "../../ui/Icon/Icon.tsx";

// Of no collection, but there: the same ones in every instance.
const others: Readonly<Record<string, readonly string[]>> = {
  _collections: ["id", "system", "type", "name", "fields", "indexes", "listRule", "viewRule", "createRule", "updateRule", "deleteRule", "options", "created", "updated"],
  _params: ["id", "value", "created", "updated"],
  _migrations: ["file", "applied"],
  sqlite_schema: ["type", "name", "tbl_name", "rootpage", "sql"],
};

interface Table {
  name: string;
  columns: readonly string[];
  isSystem: boolean;
}

const tables = computed((): Table[] => {
  const own = (collections.data.value ?? []).map(({ name, fields, system }) => ({ name, columns: fields.map((field) => field.name), isSystem: system }));
  const known = new Set(own.map(({ name }) => name));
  return [...own, ...Object.entries(others).filter(([name]) => !known.has(name)).map(([name, columns]) => ({ name, columns, isSystem: true }))].sort((a, b) => Number(a.isSystem) - Number(b.isSystem));
});

// For the editor, to be completed.
export const tableNames = computed(() => Object.fromEntries(tables.value.map(({ name, columns }) => [name, columns])));

const words = new Set("ADD ALL ALTER AND AS BETWEEN BY CASE CHECK COLLATE COMMIT CREATE DEFAULT DELETE DISTINCT DROP ELSE ESCAPE EXISTS FOREIGN FROM GROUP HAVING IN INDEX INSERT INTO IS ISNULL JOIN LIMIT NOT NOTNULL NULL ON OR ORDER PRIMARY REFERENCES SELECT SET TABLE THEN TO TRANSACTION UNION UNIQUE UPDATE USING VALUES WHEN WHERE WITH".split(" "));

export const sqlName = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) && !words.has(name.toUpperCase()) ? name : `"${name.replaceAll('"', '""')}"`);

const find = (word: string): Table[] => {
  const wanted = word.trim().toLowerCase();
  const has = (text: string) => text.toLowerCase().includes(wanted);
  return wanted === "" ? tables.value : tables.value.filter(({ name, columns }) => has(name) || columns.some(has)).map((table) => (has(table.name) ? table : { ...table, columns: table.columns.filter(has) }));
};

const move = (from: Element, by: (at: number, n: number) => number): void => {
  const all = [...(from.closest('[role="tree"]')?.querySelectorAll<HTMLElement>('[role="treeitem"]') ?? [])];
  all[Math.max(0, Math.min(all.length - 1, by(all.indexOf(from as HTMLElement), all.length)))]?.focus();
};

const steps: Record<string, (at: number, n: number) => number> = { ArrowDown: (at) => at + 1, ArrowUp: (at) => at - 1, Home: () => 0, End: (_, n) => n - 1 };

export const Tree = ({ onInsert }: { onInsert: (text: string) => void }) => {
  const [word, setWord] = useState("");
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [current, setCurrent] = useState("");
  const list = useRef<HTMLUListElement>(null);
  const all = tables.value;
  const found = useMemo(() => find(word), [word, all]);
  const isOpen = (name: string) => open.has(name) || word.trim() !== "";
  const turn = (name: string, to: boolean) => {
    const next = new Set(open);
    if (to) next.add(name);
    else next.delete(name);
    setOpen(next);
  };
  const isThere = found.some(({ name, columns }) => name === current || (isOpen(name) && columns.some((column) => `${name}.${column}` === current)));
  const first = isThere ? current : (found[0]?.name ?? "");
  const onKeyDown = (event: KeyboardEvent) => {
    const item = (event.target as Element).closest<HTMLElement>('[role="treeitem"]');
    const { table = "", column } = item?.dataset ?? {};
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const isTurned = getComputedStyle(item).direction === "rtl";
    const [more, less] = isTurned ? ["ArrowLeft", "ArrowRight"] : ["ArrowRight", "ArrowLeft"];
    const step = steps[event.key];
    if (step) move(item, step);
    else if (event.key === "Enter") onInsert(sqlName(column ?? table));
    else if (event.key === more && column === undefined) isOpen(table) ? move(item, (at) => at + 1) : turn(table, true);
    else if (event.key === less && column !== undefined) list.current?.querySelector<HTMLElement>(`[data-table="${CSS.escape(table)}"]:not([data-column])`)?.focus();
    else if (event.key === less) turn(table, false);
    else return;
    event.preventDefault();
  };
  const onClick = (event: MouseEvent) => {
    const item = (event.target as Element).closest<HTMLElement>('[role="treeitem"]');
    const { table, column } = item?.dataset ?? {};
    if (table === undefined) return;
    if ((event.target as Element).closest(".sql-turn")) turn(table, !isOpen(table));
    else onInsert(sqlName(column ?? table));
  };
  const item = (key: string, level: number) => ({ role: "treeitem", "aria-level": level, tabIndex: first === key ? 0 : -1, onFocus: (event: FocusEvent) => event.target === event.currentTarget && setCurrent(key) }) as const;
  return (
    <>
      <input class="input sql-find" type="search" placeholder={ts.schemaSearch} aria-label={ts.schemaSearch} value={word} onInput={(event) => setWord(event.currentTarget.value)} />
      <ul ref={list} class="sql-tree" role="tree" aria-label={ts.schema} title={ts.schemaHint} dir="ltr" onKeyDown={onKeyDown} onClick={onClick}>
        {found.map(({ name, columns, isSystem }) => (
          <li key={name} {...item(name, 1)} aria-expanded={isOpen(name)} data-table={name} class={isSystem ? "is-system" : ""}>
            <span class="sql-line"><span class="sql-turn"><Icon name={isOpen(name) ? "chevron-down" : "chevron-right"} size={14} /></span>{name}</span>
            {isOpen(name) && <ul role="group">{columns.map((column) => <li key={column} {...item(`${name}.${column}`, 2)} data-table={name} data-column={column}><span class="sql-line">{column}</span></li>)}</ul>}
          </li>
        ))}
      </ul>
    </>
  );
};
