// The editing area: what it holds, its keys, and what is said to whoever shows it.

import { baseKeymap, chainCommands, exitCode } from "prosemirror-commands";
import { gapCursor } from "prosemirror-gapcursor";
import { history, redo } from "prosemirror-history";
import { keymap } from "prosemirror-keymap";
import { liftListItem, sinkListItem } from "prosemirror-schema-list";
import { EditorState, type Command, type Plugin } from "prosemirror-state";
import { EditorView } from "prosemirror-view";
import { allActs, nodeType, tableAt } from "./acts.ts";
import { openHtml } from "./parse.ts";
import { pasteHandlers, type PasteHow } from "./paste.ts";
import { printDoc } from "./print.ts";
import type { Opened } from "./read.ts";
import { enter } from "./split.ts";
import { typedOver } from "./typed.ts";
import { nodeViews } from "./views.ts";

const item = nodeType("list_item");

const breakLine: Command = (state, dispatch) => {
  dispatch?.(state.tr.replaceSelectionWith(nodeType("hard_break").create()).scrollIntoView());
  return true;
};

// What cannot be done here is not done by the browser instead.
const always = (run: Command): Command => (state, dispatch, view) => {
  run(state, dispatch, view);
  return true;
};

const plugins = (onLink: () => void): Plugin[] => [
  keymap({
    ...Object.fromEntries(allActs.flatMap(({ keys, run }) => (keys ? [[keys, always(run)]] : []))),
    "Mod-Shift-z": always(redo),
    "Mod-k": () => {
      onLink();
      return true;
    },
    Enter: enter,
    Tab: sinkListItem(item),
    "Shift-Tab": liftListItem(item),
    "Shift-Enter": chainCommands(exitCode, breakLine),
  }),
  // That one is the form's.
  keymap(Object.fromEntries(Object.entries(baseKeymap).filter(([key]) => key !== "Mod-Enter"))),
  history(),
  gapCursor(),
];

export interface Made {
  view: EditorView;
  open: (html: string) => void; // instead of what it holds
  done: () => void;
}

export interface How extends PasteHow {
  html: string;
  attributes: () => Record<string, string>;
  onChange: (html: string) => void; // after an edit, and only then
  onState: (state: EditorState) => void;
  onLink: () => void;
}

const longDoc = 50_000; // of such, what is typed is told of at once, and then when nobody types for a moment
const pauseMs = 150;
const leaving = ["pointerdown", "popstate", "hashchange", "beforeunload", "pagehide"];

// Tells of edits before anything can happen that has to know of them.
const makeTeller = (tell: () => void) => {
  const abort = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDue = false;
  const flush = () => {
    if (isDue) tell();
    isDue = false;
  };
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      flush();
    }, pauseMs);
  };
  for (const name of leaving) addEventListener(name, flush, { capture: true, signal: abort.signal });
  return {
    flush,
    edited: (isLong: boolean) => {
      isDue = true;
      if (!isLong || timer === undefined) flush();
      if (isLong) wait();
    },
    onKey: ({ ctrlKey, metaKey, altKey, key }: KeyboardEvent) => {
      if (ctrlKey || metaKey || altKey || key === "Escape") flush();
    },
    forget: () => (isDue = false),
    stop: () => {
      clearTimeout(timer);
      abort.abort();
      flush();
    },
  };
};

export const createEditor = (place: HTMLElement, { html, attributes, onChange, onState, onLink, ...how }: How): Made => {
  let opened: Opened = openHtml(html, how.read);
  const all = plugins(onLink);
  let isAsked = false; // for what tables need
  const needTables = () => {
    if (isAsked || !tableAt(view.state)) return;
    isAsked = true;
    void import("./cells.tsx").then(({ tablePlugins }) => {
      all.push(...tablePlugins());
      if (!view.isDestroyed) view.updateState(view.state.reconfigure({ plugins: all }));
    }, () => (isAsked = false));
  };
  const teller = makeTeller(() => onChange(printDoc(view.state.doc, opened)));
  const { keydown, ...handlers } = pasteHandlers(how);
  const begin = () => EditorState.create({ doc: opened.doc, plugins: all });
  const view: EditorView = new EditorView({ mount: place }, {
    state: begin(),
    nodeViews,
    attributes,
    handleDOMEvents: {
      ...handlers,
      beforeinput: typedOver,
      blur: () => teller.flush(),
      keydown: (of, event) => {
        teller.onKey(event);
        return keydown(of, event);
      },
    },
    dispatchTransaction: (tr) => {
      const state = view.state.apply(tr);
      const isEdit = !state.doc.eq(view.state.doc);
      view.updateState(state);
      onState(state);
      needTables();
      if (isEdit) teller.edited(state.doc.content.size > longDoc);
    },
  });
  onState(view.state);
  return {
    view,
    done: () => {
      teller.stop();
      view.destroy();
    },
    open: (text) => {
      teller.forget();
      opened = openHtml(text, how.read);
      view.updateState(begin());
      onState(view.state);
    },
  };
};
