// The pages' edits: what was typed and not saved stays as long as its user is signed in.

import { effect, type Signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext, useEffect, useRef } from "preact/hooks";
import { changeOwnSettings, changeSettings, readOwnSettings, readTaggedSettings } from "../../api/settings.ts";
import { ts } from "../../i18n/t-settings.ts";
import { features, settings } from "../../state/instance.ts";
import { loaded } from "../../state/loaded.ts";
import { isLocked } from "../../state/protect.ts";
import { path } from "../../state/router.ts";
import { isSigned } from "../../state/session.ts";
import { SettingsEdit, type Reach } from "./edit.ts";

// What each page has fields for: what is refused of the rest is told above them.
const owns = {
  app: ["meta.appName", "meta.appURL", "meta.accentColor", "meta.hideControls", "batch"],
  mail: ["meta.senderName", "meta.senderAddress", "smtp"],
  storage: ["s3"],
  backups: ["backups"],
  limits: ["rateLimits"],
  network: ["trustedProxy", "superuserIPs"],
  own: ["logs", "records", "thumbs", "passwords", "realtime", "public", "metrics", "net"],
} as const;
type EditPart = keyof typeof owns;

const open = new Map<string, SettingsEdit>();
effect(() => {
  if (!isSigned.value) open.clear();
});

// Those that PocketBase does not have are at a place of their own.
export const ownSettings = loaded<object>();
export const loadOwn = (): Promise<void> => ownSettings.load(async () => (await readOwnSettings()).data);

const places = {
  usual: { known: settings.data as Signal<object | undefined>, reach: { read: readTaggedSettings, change: changeSettings as Reach["change"] } },
  own: { known: ownSettings.data, reach: { read: readOwnSettings, change: changeOwnSettings } },
};

export const editOf = (part: EditPart): SettingsEdit => {
  const known = open.get(part);
  if (known) return known;
  const made = new SettingsEdit({ ...places[part === "own" ? "own" : "usual"], own: owns[part], noNumber: ts.noNumber });
  open.set(part, made);
  return made;
};

export const isChangedPart = (part: string): boolean => Object.hasOwn(owns, part) && editOf(part as EditPart).isDirty.value;

// Whether it is known what this server adds.
export const knowsFeatures = (): boolean => features.data.value !== undefined || features.error.value !== undefined;

export const Editing = createContext<SettingsEdit | null>(null);

export const useEdit = (): SettingsEdit => {
  const edit = useContext(Editing);
  if (!edit) throw new Error("a setting outside of a form");
  return edit;
};

// Who has begun to change something goes on; what was kept from before the lock is no beginning.
export const useCanWrite = (edit: SettingsEdit): boolean => {
  const begun = useRef<SettingsEdit | null>(null);
  if (!isLocked.value) begun.current = edit.isDirty.value ? edit : null;
  return !isLocked.value || (edit.isDirty.value && begun.current === edit);
};

// What had the focus may have gone with what was done: it is held nearby, from the first change on.
export const useHeldFocus = <T extends HTMLElement>(changes: readonly unknown[]) => {
  const ref = useRef<T>(null);
  const isShown = useRef(false);
  useEffect(() => {
    if (!isShown.current) {
      isShown.current = true;
      return;
    }
    const frame = requestAnimationFrame(() => document.activeElement === document.body && ref.current?.focus());
    return () => cancelAnimationFrame(frame);
  }, [...changes]);
  return ref;
};

const mark = "• ";

export const useUnsaved = (edit: SettingsEdit): void => {
  const isDirty = edit.isDirty.value;
  useEffect(() => {
    if (!isDirty) return;
    document.title = mark + document.title.replace(mark, "");
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => {
      document.title = document.title.replace(mark, "");
      removeEventListener("beforeunload", ask);
    };
  }, [edit, isDirty, path.value]);
};
