// Who may do what in all collections: a chip for each rule, which is changed beside them.

import { useComputed, useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Collection } from "../../api/types.ts";
import { formatNumber } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { tu } from "../../i18n/t-rules.ts";
import { sayRule } from "../../lib/rule-words.ts";
import { collections, reloadCollections } from "../../state/instance.ts";
import { query, setQuery } from "../../state/router.ts";
import type { BadgeKind } from "../../ui/Badge/Badge.tsx";
import { Empty } from "../../ui/Empty/Empty.tsx";
import { Checkbox } from "../../ui/Field/Field.tsx";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import { ErrorNotice } from "../../ui/Notice/Notice.tsx";
import type { InPlaceProps } from "../rules/in-place.tsx";
import { allRules, opening, ruleIn } from "../rules/names.ts";
import { rowsOf, stepFrom, type Cell, type MatrixRow } from "./matrix-rows.ts";

type At = readonly [number, number]; // a row, and a cell of it

const looks: Record<Cell["kind"], BadgeKind> = { none: "plain", superusers: "plain", everybody: "info", signedIn: "accent", rule: "ok" };

const kindText = ({ rule, kind }: Cell): string => {
  if (kind === "none") return "";
  if (rule === "mfaRule" && kind !== "rule" && kind !== "signedIn") return kind === "everybody" ? tu.matrix.mfaAll : tu.matrix.mfaOff;
  return rule === "authRule" && kind === "superusers" ? tu.matrix.nobody : tu.matrix.kinds[kind];
};

const lookOf = ({ rule, kind }: Cell): BadgeKind => (kind === "everybody" && opening.has(rule) ? "warn" : rule === "mfaRule" && kind === "everybody" ? "ok" : looks[kind]);

const addressOf = (name: string, { rule }: Cell): string => `#/data/${encodeURIComponent(name)}/${rule === "mfaRule" ? "auth" : `rules?rule=${rule}`}`;

const Chip = ({ row, cell, at, isActive }: { row: MatrixRow; cell: Cell; at: string; isActive: boolean }) => {
  const kind = kindText(cell);
  const said = tu.matrix.cell(row.one.name, tu.rules.names[cell.rule], cell.text === "" ? kind : `${kind}: ${cell.text}`);
  // A new tab has the page of all its rules.
  const open = (event: MouseEvent) => {
    if (cell.rule === "mfaRule" || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    setQuery({ edit: `${row.one.name}.${cell.rule}` });
  };
  return <a class={`badge badge-${lookOf(cell)}`} href={addressOf(row.one.name, cell)} data-at={at} tabIndex={isActive ? 0 : -1} title={cell.text || kind} aria-label={said} onClick={open}>{kind}</a>;
};

const Row = ({ row, at, active }: { row: MatrixRow; at: number; active: Signal<At> }) => {
  const own = useComputed(() => (active.value[0] === at ? active.value[1] : -1)).value;
  return (
    <tr role="row">
      <th role="rowheader" scope="row"><span class="matrix-name" title={row.one.name}>{row.one.name}</span></th>
      {row.cells.map((cell, c) => (
        <td key={cell.rule} role="gridcell" data-label={tu.rules.names[cell.rule]}>
          {cell.kind !== "none" && <Chip row={row} cell={cell} at={`${at} ${c}`} isActive={own === c} />}
        </td>
      ))}
    </tr>
  );
};

const steps: Record<string, readonly [number, number] | undefined> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const mirrored: Record<string, string> = { ArrowLeft: "ArrowRight", ArrowRight: "ArrowLeft" };

const placeOf = (target: EventTarget | null): At | null => {
  const at = target instanceof Element ? target.closest<HTMLElement>("[data-at]")?.dataset["at"] : undefined;
  const [row = 0, cell = 0] = (at ?? "").split(" ").map(Number);
  return at === undefined ? null : [row, cell];
};

const cellAt = (rows: readonly MatrixRow[], at: At | null): Cell | undefined => (at ? rows[at[0]]?.cells[at[1]] : undefined);

// One stop of Tab; arrows go from chip to chip. What is pointed at, or has the focus, is told below.
const useChips = (rows: readonly MatrixRow[]) => {
  const box = useRef<HTMLDivElement>(null);
  const active = useSignal<At>([0, 0]);
  const told = useSignal<At | null>(null);
  useEffect(() => {
    if ((cellAt(rows, active.peek())?.kind ?? "none") === "none") active.value = [0, 0];
    told.value = null;
  }, [rows.length]);
  const onKeyDown = (event: KeyboardEvent) => {
    const isTurned = box.current !== null && getComputedStyle(box.current).direction === "rtl";
    const step = steps[isTurned ? (mirrored[event.key] ?? event.key) : event.key];
    const from = placeOf(event.target);
    if (!step || !from || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const to = stepFrom(rows, from, step);
    if (to) box.current?.querySelector<HTMLElement>(`[data-at="${to.join(" ")}"]`)?.focus();
  };
  const tell = (event: Event) => {
    const at = placeOf(event.target);
    if (!at) return;
    if (event.type === "focusin") active.value = at;
    told.value = at;
  };
  return { active, told, of: { ref: box, onKeyDown, onMouseOver: tell, onFocusIn: tell } };
};

const Told = ({ rows, told }: { rows: readonly MatrixRow[]; told: Signal<At | null> }) => {
  const cell = cellAt(rows, told.value);
  const name = rows[told.value?.[0] ?? 0]?.one.name;
  if (!cell) return <p class="matrix-told">{tu.matrix.hint}</p>;
  return (
    <p class="matrix-told">
      <strong dir="auto">{name} · {tu.rules.names[cell.rule]}</strong>{" "}
      {cell.text === "" ? kindText(cell) : <><code dir="ltr">{cell.text}</code> {sayRule(cell.text, tu.words)}</>}
    </p>
  );
};

const Table = ({ rows }: { rows: readonly MatrixRow[] }) => {
  const { active, told, of } = useChips(rows);
  return (
    <>
      <div class="matrix-box" {...of}>
        <table class="matrix" role="grid" aria-label={tu.matrix.title}>
          <thead role="rowgroup">
            <tr role="row">
              <th role="columnheader" scope="col">{tu.matrix.collection}</th>
              {allRules.map((rule) => <th key={rule} role="columnheader" scope="col">{tu.rules.names[rule]}</th>)}
            </tr>
          </thead>
          <tbody role="rowgroup">{rows.map((row, at) => <Row key={row.one.id} row={row} at={at} active={active} />)}</tbody>
        </table>
      </div>
      <Told rows={rows} told={told} />
    </>
  );
};

const Tools = ({ n }: { n: number }) => {
  const { q = "", open, system } = query.value;
  return (
    <div class="matrix-tools">
      <input class="input" type="search" aria-label={tu.matrix.search} placeholder={tu.matrix.search} value={q} onInput={(event) => setQuery({ q: event.currentTarget.value })} />
      <Checkbox name="open" label={tu.matrix.open} checked={open === "1"} onChange={(on) => setQuery({ open: on ? "1" : undefined })} />
      <Checkbox name="system" label={tu.matrix.system} checked={system === "1"} onChange={(on) => setQuery({ system: on ? "1" : undefined })} />
      <span class="field-hint" role="status">{tu.matrix.shown(n, formatNumber(n))}</span>
    </div>
  );
};

const inPlace: Load<InPlaceProps> = async () => (await import("../rules/in-place.tsx")).InPlace;

// query: "posts.listRule". What is open stays so when its collection gets another name, or none.
const Edited = ({ all }: { all: readonly Collection[] }) => {
  const wanted = query.value["edit"] ?? "";
  const open = useRef<{ wanted: string; one: Collection } | null>(null);
  const [name, rule] = wanted.split(".");
  const before = open.current?.wanted === wanted ? open.current.one : undefined;
  const one = before ? (all.find(({ id }) => id === before.id) ?? before) : all.find((one) => one.name === name);
  open.current = one ? { wanted, one } : null;
  const found = one && ruleIn(one.type, rule);
  return found ? <Lazy key={`${one.id} ${rule}`} load={inPlace} of={{ one, rule: found, onClose: () => setQuery({ edit: undefined }) }} /> : null;
};

export const Matrix = () => {
  const all = collections.data.value;
  if (!all) return collections.error.value ? <div class="def-page"><ErrorNotice error={collections.error.value} onRetry={() => void reloadCollections()} /></div> : <p class="matrix-told">{t.common.loading}…</p>;
  const { q = "", open, system } = query.value;
  const rows = rowsOf(all, { word: q, isOpen: open === "1", withSystem: system === "1" });
  return (
    <>
      <Tools n={rows.length} />
      {rows.length > 0 ? <Table rows={rows} /> : <Empty title={tu.matrix.none} />}
      <Edited all={all} />
    </>
  );
};
