// Grids over lists that are made up as they are asked for.

import { useMemo, useState } from "preact/hooks";
import type { Fetch, Listed } from "../lib/rows/server.ts";
import { serverOf } from "../lib/rows/server.ts";
import { rowsOf, type RowsOf } from "../state/rows.ts";
import { Button } from "../ui/Button/Button.tsx";
import { Empty } from "../ui/Empty/Empty.tsx";
import { Grid } from "../ui/Grid/Grid.tsx";
import { StatusLine } from "../ui/Grid/StatusLine.tsx";
import type { Column, SortKey } from "../ui/Grid/types.ts";

interface Made {
  id: string;
  n: number;
}

const words = ["ledger", "harbour", "copper", "linen", "meadow", "signal", "winter", "parcel", "lantern", "quarry", "of", "and", "the"];
const word = (n: number): string => words[n % words.length] ?? "";
const textOf = (n: number, kind: number): string => {
  if (kind % 5 === 1) return String((n * 7919 * kind) % 1_000_003);
  if (kind % 5 === 2) return new Date(1_700_000_000_000 + n * 60_000).toISOString().slice(0, 16).replace("T", " ");
  if (kind % 5 === 3) return n % 3 === 0 ? "True" : "False";
  return `${word(n * kind + 1)} ${word(n + kind)} ${word(n * 3 + kind * 7)} ${n}`;
};

// As the API answers, after `ms`. Where it is faulty, what is asked for the first time fails from row
// 200 on.
const madeUp = (size: number, ms: number, isFaulty = false): Fetch<Made> => {
  const asked = new Set<number>();
  return (params, signal) =>
    new Promise((done, failed) => {
      const cursor = typeof params["cursor"] === "string" ? params["cursor"] : undefined;
      const n = Number(params["perPage"]);
      const at = Number(cursor?.slice(1) ?? 0);
      const from = cursor === undefined ? (Number(params["page"]) - 1) * n : cursor === "last" ? size - n : cursor.startsWith("b") ? at - n : at;
      const to = cursor?.startsWith("b") ? at : from + n;
      const isFault = isFaulty && to > 200 && !asked.has(from);
      asked.add(from);
      const items: Made[] = [];
      for (let i = Math.max(0, from); i < Math.min(size, to); i++) items.push({ id: `row${String(i).padStart(12, "0")}`, n: i });
      const listed: Listed<Made> = { items, prevCursor: from > 0 ? `b${from}` : null, nextCursor: to < size ? `a${to}` : null };
      if (params["fields"] === "id") listed.totalItems = size;
      setTimeout(() => (isFault ? failed(new Error("It was made to fail.")) : done(listed)), ms);
      signal.addEventListener("abort", () => failed(new DOMException("stopped", "AbortError")));
    });
};

const painted = (): Promise<void> => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())));

const sourceOf = (size: number, ms: number, isFaulty = false): RowsOf<Made> => {
  const server = serverOf(madeUp(size, ms, isFaulty), { filter: "", sort: "n", fields: "", expand: "" }, true, painted);
  const source = rowsOf(server);
  source.restart(server);
  return source;
};

const icons = ["type", "hash", "calendar", "toggle-left", "text-quote"] as const;

const columnsOf = (n: number): Column<Made>[] => [
  { key: "id", title: "id", icon: "key-round", width: 160, frozen: true, canSort: true, render: (row) => <code>{row.id}</code>, text: (row) => row.id },
  ...Array.from({ length: n - 1 }, (_, at): Column<Made> => ({
    key: `field${at + 1}`,
    title: `${["Title", "Amount", "Created", "Paid", "Note"][at % 5]} ${at + 1}`,
    icon: icons[at % 5] ?? "type",
    width: [220, 110, 150, 90, 200][at % 5] ?? 160,
    align: at % 5 === 1 ? "end" : "start",
    canSort: at % 5 !== 4,
    render: (row) => textOf(row.n, at + (at % 5 === 0 ? 5 : 0)),
    text: (row) => textOf(row.n, at + (at % 5 === 0 ? 5 : 0)),
  })),
];

const Shown = ({ source, columns, other }: { source: RowsOf<Made>; columns: Column<Made>[]; other?: () => void }) => {
  const [selected, select] = useState<ReadonlySet<string>>(new Set());
  const [sort, setSort] = useState<SortKey[]>([{ key: "field1", desc: true }]);
  const [said, say] = useState("");
  return (
    <div class="gallery-grid">
      <Grid
        label="Made up"
        source={source}
        columns={columns}
        sort={sort}
        selected={selected}
        summary={(row) => textOf(row.n, 5)}
        listed={["id", "field2", "field3"]}
        empty={<Empty title="No records" why="This collection has none yet."><Button kind="primary">New record</Button></Empty>}
        onOpen={(row) => say(`Opened ${row.n}`)}
        onSort={setSort}
        onSelect={select}
        onResize={(key, width) => say(`${key}: ${width} px`)}
        onEdit={(row, column) => say(`Edit ${column.key} of ${row.n}`)}
      />
      <StatusLine source={source} selected={selected.size} onClear={() => select(new Set())}>
        <span data-t="said">{said}</span>
        {other && <Button kind="quiet" onClick={other} data-t="other">Other rows</Button>}
        <Button kind="quiet" onClick={() => source.jump("start")}>First</Button>
        <Button kind="quiet" onClick={() => source.jump("end")}>Last</Button>
      </StatusLine>
    </div>
  );
};

const Million = () => {
  const [turn, setTurn] = useState(0);
  const source = useMemo(() => sourceOf(1_000_000, 15), [turn]);
  const columns = useMemo(() => columnsOf(30), []);
  return <Shown source={source} columns={columns} other={() => setTurn(turn + 1)} />;
};

const Slow = () => {
  const source = useMemo(() => sourceOf(10_000, 2500), []);
  const columns = useMemo(() => columnsOf(8), []);
  return <Shown source={source} columns={columns} />;
};

const Faulty = () => {
  const source = useMemo(() => sourceOf(10_000, 50, true), []);
  const columns = useMemo(() => columnsOf(8), []);
  return <Shown source={source} columns={columns} />;
};

const Nothing = () => {
  const source = useMemo(() => sourceOf(0, 20), []);
  const columns = useMemo(() => columnsOf(6), []);
  return <Shown source={source} columns={columns} />;
};

export const grids = { Grid: Million, GridSlow: Slow, GridFailing: Faulty, GridEmpty: Nothing };
