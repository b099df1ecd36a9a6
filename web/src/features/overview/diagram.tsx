// The collections as boxes, with lines along their relations.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Collection } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { diagramTexts as td } from "../../i18n/t-diagram.ts";
import { headHeight, boxWidth, layOut, nextBox, rowHeight, shownFields, type Box, type Diagram as Laid, type Way } from "../../lib/diagram.ts";
import { collections } from "../../state/instance.ts";
import { keptValue } from "../../state/prefs.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Empty } from "../../ui/Empty/Empty.tsx";
import { Checkbox } from "../../ui/Field/Field.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { typeIcons } from "../grid/header.tsx";
import { usePan, type Pan } from "./pan.ts";

const hasSystem = keptValue("diagram-system", false);

const entitiesOf = (shown: readonly Collection[]) =>
  shown.map(({ id, fields }) => ({ id, fields: fields.map((field) => ({ name: field.name, type: field.type, ...(field.type === "relation" ? { to: String(field["collectionId"]) } : {}) })) }));

type Entity = ReturnType<typeof entitiesOf>[number];

const Fields = ({ of: { fields } }: { of: Entity }) => {
  const shown = shownFields(fields);
  return (
    <ul class="dia-fields" aria-hidden="true">
      {shown.map(({ name, type, to }) => (
        <li key={name} class={to ? "dia-field dia-refers" : "dia-field"} style={{ blockSize: `${rowHeight}px` }}><span dir="auto">{name}</span><span class="dia-type">{type}</span></li>
      ))}
      {fields.length > shown.length && <li class="dia-field" style={{ blockSize: `${rowHeight}px` }}>{td.more(fields.length - shown.length)}</li>}
    </ul>
  );
};

interface BoxProps {
  box: Box;
  one: Collection;
  entity: Entity;
  said: string;
  isCurrent: boolean;
  isFar: boolean; // something else is looked at
}

const BoxOf = ({ box, one, entity, said, isCurrent, isFar }: BoxProps) => (
  <li class={`dia-box${isFar ? " is-far" : ""}`} style={{ insetInlineStart: `${box.x}px`, insetBlockStart: `${box.y}px`, inlineSize: `${boxWidth}px`, blockSize: `${box.height}px` }}>
    <a class="dia-head" data-box={one.id} href={`#/data/${encodeURIComponent(one.name)}/schema`} tabIndex={isCurrent ? 0 : -1} aria-label={said} draggable={false} style={{ blockSize: `${headHeight}px` }}>
      <Icon name={typeIcons[one.type]} /><span dir="auto">{one.name}</span>
    </a>
    <Fields of={entity} />
  </li>
);

const saidOf = (one: Collection, laid: Laid, nameOf: (id: string) => string): string => {
  const names = (ids: string[]) => [...new Set(ids)].map(nameOf);
  return td.box(one.name, one.fields.length, names(laid.lines.filter(({ from }) => from === one.id).map(({ to }) => to)), names(laid.lines.filter(({ to }) => to === one.id).map(({ from }) => from)));
};

const ways: ReadonlySet<string> = new Set<Way>(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]);

const zooms: Record<string, ((pan: Pan) => void) | undefined> = { "+": (pan) => pan.zoom(1), "=": (pan) => pan.zoom(1), "-": (pan) => pan.zoom(-1), "0": (pan) => pan.fit() };

const Canvas = ({ shown }: { shown: readonly Collection[] }) => {
  const entities = useMemo(() => entitiesOf(shown), [shown]);
  const laid = useMemo(() => layOut(entities), [entities]);
  const [current, setCurrent] = useState(laid.boxes[0]?.id ?? "");
  const [looked, look] = useState("");
  const view = useRef<HTMLDivElement>(null);
  const pan = usePan(view, laid);
  const byId = new Map(shown.map((one) => [one.id, one]));
  const entityOf = new Map(entities.map((one) => [one.id, one]));
  const nameOf = (id: string) => byId.get(id)?.name ?? id;
  const near = new Set(laid.lines.filter(({ from, to }) => from === looked || to === looked).flatMap(({ from, to }) => [from, to]));
  const at = laid.boxes.some(({ id }) => id === current) ? current : (laid.boxes[0]?.id ?? "");
  const go = (id: string) => view.current?.querySelector<HTMLElement>(`[data-box="${CSS.escape(id)}"]`)?.focus({ preventScroll: true });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const zoom = zooms[event.key];
    if (zoom) zoom(pan);
    else if (ways.has(event.key)) go(nextBox(laid.boxes, at, event.key as Way)?.id ?? at);
    else return;
    event.preventDefault();
  };
  const onFocusIn = (event: FocusEvent) => {
    const id = (event.target as HTMLElement).dataset["box"];
    const box = laid.boxes.find((one) => one.id === id);
    if (!id || !box) return;
    setCurrent(id);
    look(id);
    pan.reveal(box);
  };
  const onPointerOver = (event: PointerEvent) => {
    const box = (event.target as HTMLElement).closest<HTMLElement>(".dia-box")?.querySelector<HTMLElement>("[data-box]");
    look(box?.dataset["box"] ?? (document.activeElement as HTMLElement | null)?.dataset["box"] ?? "");
  };
  return (
    <div class="dia-view" ref={view} dir="ltr" onKeyDown={onKeyDown} onFocusIn={onFocusIn} onFocusOut={() => look("")} onPointerOver={onPointerOver} {...pan.handlers}>
      <div class="dia-sheet" style={{ transform: pan.transform, inlineSize: `${laid.width}px`, blockSize: `${laid.height}px` }}>
        <svg class="dia-lines" width={laid.width} height={laid.height} aria-hidden="true">
          {laid.lines.map(({ from, to, row, path }) => <path key={`${from} ${row}`} class={from === looked || to === looked ? "dia-line is-near" : looked ? "dia-line is-far" : "dia-line"} d={path} />)}
        </svg>
        <ul class="dia-boxes" aria-label={td.title}>
          {laid.boxes.map((box) => {
            const one = byId.get(box.id);
            const entity = entityOf.get(box.id);
            return one && entity && <BoxOf key={box.id} box={box} one={one} entity={entity} said={saidOf(one, laid, nameOf)} isCurrent={box.id === at} isFar={looked !== "" && near.size > 0 && !near.has(box.id)} />;
          })}
        </ul>
      </div>
      <div class="dia-zoom">
        <Button kind="plain" icon="zoom-in" label={td.zoomIn} onClick={() => pan.zoom(1)} />
        <Button kind="plain" icon="zoom-out" label={td.zoomOut} onClick={() => pan.zoom(-1)} />
        <Button kind="plain" icon="maximize" label={td.fit} onClick={() => pan.fit()} />
      </div>
    </div>
  );
};

export const Diagram = () => {
  const all = collections.data.value;
  const shown = useMemo(() => (all ?? []).filter(({ system, name }) => hasSystem.value || !system || name === "users"), [all, hasSystem.value]);
  useEffect(() => {
    document.querySelector<HTMLElement>('.dia-head[tabindex="0"]')?.focus({ preventScroll: true });
  }, []);
  if (!all) return null;
  return (
    <div class="dia">
      <div class="dia-tools">
        <Checkbox name="system" label={td.system} checked={hasSystem.value} onChange={() => { hasSystem.value = !hasSystem.value; }} />
        <p class="field-hint">{td.hint}</p>
      </div>
      {shown.length === 0 ? <Empty title={td.none} why={td.noneWhy}><a href="#/new/base">{t.header.newCollection}</a></Empty> : <Canvas shown={shown} />}
    </div>
  );
};
