// One stop of Tab, arrows inside; Alt+F10 goes to it from the text.

import { useLayoutEffect, useRef } from "preact/hooks";
import type { EditorState } from "prosemirror-state";
import type { EditorView } from "prosemirror-view";
import { te } from "../../i18n/t-editor.ts";
import { showKeys } from "../../state/commands.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Menu, type MenuItem } from "../../ui/Menu/Menu.tsx";
import { alignActs, blockActs, dirActs, hasMark, historyActs, markActs, markType, moreActs, setColour, styleActs, tableAt, type Act } from "./acts.ts";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import type { TableMenuProps } from "./cells.tsx";
import type { Asked } from "./dialogs.tsx";
import { insertRule, insertTable } from "./table.ts";

export interface ToolbarProps {
  name: string;
  view: EditorView | null; // null: there is only the source
  state: EditorState | null;
  isFull: boolean;
  isSource: boolean;
  onAsk: (what: Asked) => void;
  onFull: () => void;
  onSource: () => void;
}

const loadTableMenu: Load<TableMenuProps> = async () => (await import("./cells.tsx")).TableMenu;

const keysShown = (keys: string): string => ` (${showKeys(keys.toLowerCase().replaceAll("-", "+")).join(" ")})`;

// In both themes the hue of these counts; how light they are is the theme's.
const colours = { red: "#c0392b", orange: "#b9770e", green: "#1e8449", blue: "#2471a3", violet: "#7d3c98", grey: "#707b7c" } as const;

const stops = (bar: HTMLElement | null): HTMLElement[] => [...(bar?.querySelectorAll<HTMLElement>("button") ?? [])].filter((one) => !one.closest('[role="menu"]'));

const stepTo: Record<string, (at: number, n: number) => number> = {
  ArrowRight: (at, n) => (at + 1) % n,
  ArrowLeft: (at, n) => (at - 1 + n) % n,
  Home: () => 0,
  End: (_, n) => n - 1,
};

const onArrow = (event: KeyboardEvent, bar: HTMLElement | null): void => {
  if (event.defaultPrevented || (event.target as Element).closest('[role="menu"]')) return;
  const isTurned = bar !== null && getComputedStyle(bar).direction === "rtl";
  const key = isTurned ? ({ ArrowLeft: "ArrowRight", ArrowRight: "ArrowLeft" }[event.key] ?? event.key) : event.key;
  const all = stops(bar);
  const to = stepTo[key]?.(all.indexOf(document.activeElement as HTMLElement), all.length);
  if (to === undefined) return;
  event.preventDefault();
  all[to]?.focus();
};

const useActs = ({ view, state }: ToolbarProps) => {
  const run = (act: Pick<Act, "run">) => {
    if (!view) return;
    act.run(view.state, view.dispatch, view);
    view.focus();
  };
  const item = (act: Act): MenuItem => ({ label: act.label, act: () => run(act), ...(act.why && state && act.can?.(state) === false ? { disabled: act.why } : {}), ...(act.isOn && state ? { checked: act.isOn(state, view ?? undefined) } : { icon: act.icon }), ...(act.keys ? { hint: keysShown(act.keys).slice(2, -1) } : {}) });
  return { run, item };
};

const ActButton = ({ act, state, onRun }: { act: Act; state: EditorState; onRun: (act: Act) => void }) => (
  <Button
    kind="quiet"
    icon={act.icon}
    label={act.label}
    title={act.label + (act.keys ? keysShown(act.keys) : "")}
    aria-pressed={act.isOn?.(state)}
    disabled={act.can ? !act.can(state) : false}
    onMouseDown={(event) => event.preventDefault()}
    onClick={() => onRun(act)}
  />
);

const Formats = (props: ToolbarProps & { state: EditorState }) => {
  const { state, onAsk } = props;
  const { run, item } = useActs(props);
  const style = styleActs.find((act) => act.isOn?.(state))?.label ?? te.style;
  const colour = (name: keyof typeof colours): MenuItem => ({ label: te.colours[name], icon: "palette", act: () => run({ run: setColour(colours[name]) }) });
  const insert: MenuItem[] = [
    { label: te.image, icon: "image-plus", act: () => onAsk("image") },
    { label: te.media, icon: "film", act: () => onAsk("media") },
    { label: te.fromRecords, icon: "database", act: () => onAsk("pick") },
    { label: te.table, icon: "table-2", act: () => run({ run: insertTable }) },
    { label: te.rule, icon: "ellipsis", act: () => run({ run: insertRule }) },
  ];
  return (
    <>
      <Menu label={te.style} text={style} class="rich-style" groups={[{ items: styleActs.map(item) }]} />
      {markActs.map((act) => <ActButton key={act.label} act={act} state={state} onRun={run} />)}
      <Menu label={te.more} icon="type" groups={[{ items: moreActs.map(item) }]} />
      <Menu
        label={te.colour}
        icon="palette"
        groups={[
          { items: [{ label: te.colours.none, icon: "x", act: () => run({ run: setColour("") }) }, ...(Object.keys(colours) as (keyof typeof colours)[]).map(colour)] },
          { items: [{ label: te.colourOther, icon: "sliders-horizontal", act: () => onAsk("colour") }] },
        ]}
      />
      <Menu label={te.align} icon="text-align-start" groups={[{ items: alignActs.map(item) }, { items: dirActs.map(item) }]} />
      {blockActs.map((act) => <ActButton key={act.label} act={act} state={state} onRun={run} />)}
      <Button kind="quiet" icon="link" label={te.link} title={te.link + keysShown("Mod-k")} aria-pressed={hasMark(state, markType("link"))} onClick={() => onAsk("link")} />
      <Menu label={te.insert} icon="plus" groups={[{ items: insert }]} />
      {tableAt(state) && <Lazy load={loadTableMenu} of={{ item }} />}
      {historyActs.map((act) => <ActButton key={act.label} act={act} state={state} onRun={run} />)}
    </>
  );
};

export const Toolbar = (props: ToolbarProps) => {
  const { name, state, isFull, isSource, onFull, onSource } = props;
  const bar = useRef<HTMLDivElement>(null);
  const current = useRef<HTMLElement | null>(null);
  const choose = () => {
    const all = stops(bar.current);
    if (!current.current || !all.includes(current.current)) current.current = all[0] ?? null;
    for (const one of all) one.tabIndex = one === current.current ? 0 : -1;
  };
  useLayoutEffect(choose);
  return (
    <div
      ref={bar}
      class="rich-bar"
      role="toolbar"
      aria-label={te.toolbar(name)}
      onKeyDown={(event) => onArrow(event, bar.current)}
      onFocusIn={(event) => {
        const button = (event.target as Element).closest<HTMLElement>("button");
        if (!button || button.closest('[role="menu"]')) return;
        current.current = button;
        choose();
      }}
    >
      {state && !isSource && <Formats {...props} state={state} />}
      <span class="rich-bar-end">
        <Button kind="quiet" icon="file-code" label={te.source} aria-pressed={isSource} onClick={onSource} />
        <Button kind="quiet" icon={isFull ? "minimize-2" : "maximize-2"} label={te.full} aria-pressed={isFull} onClick={onFull} />
      </span>
    </div>
  );
};
