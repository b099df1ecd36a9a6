// A filter as rows of field, operator and value, in groups of which all or any must hold.

import { useId, useMemo, useRef, useState } from "preact/hooks";
import { t } from "../../i18n/t.ts";
import { findCollection, resolve, selectValues, type Scope, type Target } from "../../lib/filter/fields.ts";
import { dateMacros } from "../../lib/filter/names.ts";
import { print } from "../../lib/filter/print.ts";
import { fromRows, isNull, nullValue, signsFor, toRows, valueOf, type FilterRow, type RowGroup, type RowPart } from "../../lib/filter/rows.ts";
import { filterOf, type Meaning } from "../../lib/filter/understand.ts";
import { Button } from "../Button/Button.tsx";
import { drawn } from "../drawn.ts";
import { useRecords, type AskRecords } from "./records.ts";

const deepest = 3; // groups in groups that can be added here; deeper ones are shown
const mostPaths = 150; // in the list of fields, of which each row has one

interface Paths {
  own: string[];
  related: { name: string; paths: string[] }[]; // through one relation
}

const pathsOf = (scope: Scope): Paths => {
  const own = scope.collection.fields.filter(({ type }) => type !== "password").map(({ name }) => name);
  let left = mostPaths - own.length;
  const related = scope.collection.fields.filter(({ type }) => type === "relation").map(({ name, collectionId }) => {
    const fields = findCollection(scope, String(collectionId))?.fields ?? [];
    const paths = fields.filter(({ type, hidden }) => type !== "password" && !hidden).map((field) => `${name}.${field.name}`).slice(0, Math.max(0, left));
    left -= paths.length;
    return { name, paths };
  });
  return { own, related: related.filter(({ paths }) => paths.length > 0) };
};

const unknown: Target = { type: "any", multi: false };
const targetOf = (path: string, scope: Scope): Target => {
  const found = resolve({ path, at: 0 }, scope);
  return "fault" in found ? unknown : found;
};

const emptyValue = (type: string) => (type === "bool" ? valueOf("true", type) : valueOf("", type));

// The row with another field: the operator stays where it makes sense, the value where its type does.
const withPath = (row: FilterRow, path: string, scope: Scope): FilterRow => {
  const target = targetOf(path, scope);
  const signs = signsFor(target.type, target.multi);
  const isKept = isNull(row.value) || targetOf(row.path, scope).type === target.type;
  return { ...row, path, op: signs.includes(row.op) ? row.op : (signs[0] ?? "="), value: isKept ? row.value : emptyValue(target.type) };
};

const newRow = (scope: Scope): FilterRow => {
  const { fields } = scope.collection;
  const path = (fields.find(({ type, name }) => type === "text" && name !== "id") ?? fields[0])?.name ?? "id";
  return withPath({ kind: "row", path: "", op: "", value: valueOf("", "text") }, path, scope);
};

interface Shared {
  scope: Scope;
  paths: Paths;
  dates: string; // the id of the list of macros
  ask: AskRecords | undefined;
}

interface RowProps extends Shared {
  row: FilterRow;
  n: number;
  onChange: (row: FilterRow) => void;
  onRemove: () => void;
}

const options = (values: readonly string[], current: string, label = (value: string): string => value) =>
  (values.includes(current) ? values : [current, ...values]).map((value) => <option key={value} value={value}>{label(value)}</option>);

const FieldChoice = ({ row, n, scope, paths: { own, related }, onChange }: RowProps) => {
  const isListed = own.includes(row.path) || related.some(({ paths }) => paths.includes(row.path));
  return (
    <select class="filter-control" aria-label={t.filter.field(n)} value={row.path} onChange={({ currentTarget }) => onChange(withPath(row, currentTarget.value, scope))}>
      {options(own, isListed ? (own[0] ?? "") : row.path)}
      {related.map(({ name, paths }) => <optgroup key={name} label={`${name}.`}>{paths.map((path) => <option key={path} value={path}>{path}</option>)}</optgroup>)}
    </select>
  );
};

// Is empty, is not empty: with the value that has no field of its own.
const empties: Record<string, string> = { "=null": t.filter.isEmpty, "!=null": t.filter.isNotEmpty };

const SignChoice = ({ row, n, target, onChange }: RowProps & { target: Target }) => {
  const choose = (key: string) => {
    const isEmpty = key.endsWith("null");
    onChange({ ...row, op: isEmpty ? key.slice(0, -4) : key, value: isEmpty ? nullValue : isNull(row.value) ? emptyValue(target.type) : row.value });
  };
  return (
    <select class="filter-control" aria-label={t.filter.operator(n)} value={isNull(row.value) ? `${row.op}null` : row.op} onChange={({ currentTarget }) => choose(currentTarget.value)}>
      {options([...signsFor(target.type, target.multi), ...Object.keys(empties)], isNull(row.value) ? `${row.op}null` : row.op, (key) => empties[key] ?? t.filter.signs[key] ?? key)}
    </select>
  );
};

const ValueField = (props: RowProps & { target: Target }) => {
  const { row, n, target, dates, ask, onChange } = props;
  const records = useId();
  const [isHere, setHere] = useState(false);
  const found = useRecords(isHere && target.to && !isNull(row.value) ? { collection: target.to, text: row.value.text } : undefined, ask);
  const label = t.filter.value(n);
  const set = (text: string) => onChange({ ...row, value: valueOf(text, target.type) });
  const choices = target.type === "bool" ? ["true", "false"] : row.op.includes("~") ? [] : selectValues(target.type === "select" ? target.field : undefined);
  const isDate = target.type === "date" || target.type === "autodate";
  if (isNull(row.value)) return <span />;
  if (choices.length > 0)
    return <select class="filter-control" aria-label={label} value={row.value.text} onChange={({ currentTarget }) => set(currentTarget.value)}>{options(choices, row.value.text)}</select>;
  const input = (
    <input
      type="text"
      class="filter-control"
      aria-label={label}
      autocomplete="off"
      autocapitalize="off"
      spellcheck={false}
      dir="auto"
      {...(target.type === "number" ? { inputMode: "decimal" as const } : {})}
      list={isDate ? dates : target.to ? records : undefined}
      onFocus={() => setHere(true)}
      onBlur={() => setHere(false)}
      {...(isDate ? { placeholder: t.filter.dateHint } : {})}
      value={row.value.text}
      onInput={({ currentTarget }) => set(currentTarget.value)}
    />
  );
  if (!target.to) return input;
  return <div>{input}<datalist id={records}>{found.map(({ label: name, hint }) => <option key={hint} value={hint ?? name}>{name}</option>)}</datalist></div>;
};

const Row = (props: RowProps) => {
  const target = targetOf(props.row.path, props.scope);
  return (
    <div class="filter-row" data-row>
      <FieldChoice {...props} />
      <SignChoice {...props} target={target} />
      <ValueField {...props} target={target} />
      <Button kind="quiet" icon="x" label={t.filter.remove(props.n)} onClick={props.onRemove} />
    </div>
  );
};

interface GroupProps extends Shared {
  group: RowGroup;
  depth: number;
  onChange: (group: RowGroup) => void;
  onRemove?: () => void;
}

const Group = ({ group, depth, onChange, onRemove, ...shared }: GroupProps) => {
  const ref = useRef<HTMLDivElement>(null);
  const setAt = (n: number, part: RowPart) => onChange({ ...group, parts: group.parts.with(n, part) });
  const add = (part: RowPart) => {
    onChange({ ...group, parts: [...group.parts, part] });
    drawn(() => [...(ref.current?.querySelectorAll<HTMLElement>("[data-row] > select:first-child") ?? [])].at(-1)?.focus());
  };
  const removeAt = (n: number) => {
    if (group.parts.length === 1 && onRemove) return onRemove();
    onChange({ ...group, parts: group.parts.toSpliced(n, 1) });
    ref.current?.querySelector<HTMLElement>(":scope > .filter-acts > button")?.focus();
  };
  return (
    <div ref={ref} class="filter-group" role="group" aria-label={t.filter.group}>
      <div class="filter-head">
        <span>{t.filter.matchBefore}</span>
        <select class="filter-control filter-match" aria-label={t.filter.matchOf} value={group.op} onChange={({ currentTarget }) => onChange({ ...group, op: currentTarget.value === "||" ? "||" : "&&" })}>
          <option value="&&">{t.filter.all}</option>
          <option value="||">{t.filter.any}</option>
        </select>
        <span>{t.filter.matchAfter}</span>
        {onRemove && <span class="filter-push"><Button kind="quiet" icon="x" label={t.filter.removeGroup} onClick={onRemove} /></span>}
      </div>
      {group.parts.length === 0 && <p class="filter-none">{t.filter.noRows}</p>}
      {group.parts.map((part, n) =>
        part.kind === "row" ? (
          <Row key={n} {...shared} row={part} n={n + 1} onChange={(row) => setAt(n, row)} onRemove={() => removeAt(n)} />
        ) : (
          <Group key={n} {...shared} group={part} depth={depth + 1} onChange={(inner) => setAt(n, inner)} onRemove={() => removeAt(n)} />
        ),
      )}
      <div class="filter-acts">
        <Button kind="quiet" icon="plus" onClick={() => add(newRow(shared.scope))}>{t.filter.condition}</Button>
        {depth < deepest && <Button kind="quiet" icon="plus" onClick={() => add({ kind: "group", op: group.op === "&&" ? "||" : "&&", parts: [newRow(shared.scope)] })}>{t.filter.group}</Button>}
      </div>
    </div>
  );
};

const textOf = (rows: RowGroup): string => {
  const node = fromRows(rows);
  return node ? print(node) : "";
};

// The rows of what is typed. Those made here are kept as long as they mean the same: a text has no
// groups of one row. Null: it cannot be shown, or has a fault.
const useRows = (meaning: Meaning) => {
  const [made, make] = useState<RowGroup>({ kind: "group", op: "&&", parts: [] });
  const wanted = meaning.kind === "fault" ? null : toRows(meaning.kind === "none" ? undefined : meaning.node);
  const rows = wanted && textOf(wanted) !== textOf(made) ? wanted : made;
  if (rows !== made) make(rows);
  return { rows, make, isLost: wanted === null };
};

export interface BuilderProps {
  scope: Scope;
  meaning: Meaning;
  value: string;
  ask: AskRecords | undefined;
  onChange: (filter: string) => void;
  onApply: () => void;
}

export const Builder = ({ scope, meaning, value, ask, onChange, onApply }: BuilderProps) => {
  const { rows, make, isLost } = useRows(meaning);
  const paths = useMemo(() => pathsOf(scope), [scope]);
  const dates = useId();
  const change = (next: RowGroup) => {
    make(next);
    onChange(textOf(next));
  };
  const why = meaning.kind === "fault" ? t.filter.builderFault : filterOf(meaning) === value ? t.filter.applied : false;
  return (
    <div
      class={`filter-builder${isLost ? " filter-lost" : ""}`}
      onKeyDown={(event) => {
        if (event.key === "Enter" && event.target instanceof HTMLInputElement) onApply();
      }}
    >
      <datalist id={dates}>{dateMacros.map((macro) => <option key={macro} value={macro}>{t.filter.hints[macro]}</option>)}</datalist>
      <div inert={isLost}><Group scope={scope} paths={paths} dates={dates} ask={ask} group={rows} depth={1} onChange={change} /></div>
      <div class="filter-foot">
        <Button kind="primary" disabled={why} onClick={onApply}>{t.filter.apply}</Button>
        <p>{isLost && (meaning.kind === "fault" ? t.filter.builderFault : t.filter.builderOff)}</p>
      </div>
    </div>
  );
};
