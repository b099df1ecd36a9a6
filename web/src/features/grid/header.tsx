// The header of a collection, and the menu that its item in the sidebar has, too.

import { signal } from "@preact/signals";
import { isOwnCollection } from "../../state/session.ts";
import type { Collection } from "../../api/types.ts";
import { formatRelative } from "../../i18n/format.ts";
import { t } from "../../i18n/t.ts";
import { newRecord } from "../../lib/drafts.ts";
import { printJson } from "../../lib/json.ts";
import { drafts, forget, isOld } from "../../state/drafts.ts";
import { copyAndSay as copy } from "../../state/copied.ts";
import { reloadCollections } from "../../state/instance.ts";
import { sidebarShown } from "../../state/prefs.ts";
import { isLocked } from "../../state/protect.ts";
import { navigate } from "../../state/router.ts";
import { Badge } from "../../ui/Badge/Badge.tsx";
import { Button } from "../../ui/Button/Button.tsx";
import { useCommands } from "../../ui/commands.ts";
import { drawn } from "../../ui/drawn.ts";
import { Icon } from "../../ui/Icon/Icon.tsx";
import type { IconName } from "../../ui/Icon/names.ts";
import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import { Menu, type MenuGroup } from "../../ui/Menu/Menu.tsx";
import { groupItems, isPinned, naming, togglePin, type Naming } from "./groups.tsx";
import { withoutSecrets } from "./header-facts.ts";
import { refreshRows } from "./live.tsx";
import { isOver, isWide } from "./sidebar-shown.ts";
import { forgetCount, warningsOf } from "./sidebar-facts.ts";

const mostDrafts = 5;

export const typeIcons: Record<Collection["type"], IconName> = { base: "table-2", auth: "users", view: "view" };

const partIcons: Record<keyof typeof t.header.parts, IconName> = { schema: "table-properties", rules: "lock", indexes: "list-ordered", auth: "key-round", mail: "mail", api: "code" };

export type Asking = { act: "truncate" | "remove"; collection: Collection };
const asking = signal<Asking | null>(null);

// Why an act is not for now.
const offOf = (why: string | false): { disabled?: string } => {
  const reason = isLocked.value ? t.protect.locked : why;
  return reason ? { disabled: reason } : {};
};

const openDraft = (one: Collection, record: string): void => void navigate(`/data/${encodeURIComponent(one.name)}${record ? `?record=${encodeURIComponent(record)}` : "/schema"}`);

// Ways back to what was typed and not saved.
const draftItems = (one: Collection): MenuGroup => {
  const kept = drafts.value.get(one.id) ?? [];
  const old = kept.filter(isOld);
  return {
    title: t.header.drafts,
    items: [
      ...kept.slice(0, mostDrafts).map(({ record, at }) => ({
        label: record === newRecord ? t.records.newRecord : record || t.header.parts.schema,
        icon: "pencil" as const,
        hint: formatRelative(at, Date.now()),
        act: () => openDraft(one, record),
      })),
      ...(old.length > 0 ? [{ label: t.header.dropDrafts(old.length), icon: "x" as const, act: () => forget(old) }] : []),
    ],
  };
};

export const collectionMenu = (one: Collection): MenuGroup[] => [
  {
    items: [
      { label: isPinned(one) ? t.shell.unpin : t.shell.pin, icon: isPinned(one) ? "pin-off" : "pin", act: () => togglePin(one) },
      { label: t.shell.refresh, icon: "refresh-cw", act: () => { forgetCount(one.id); refreshRows(one.id); void reloadCollections(); } },
      { label: t.header.duplicate, icon: "plus", ...offOf(false), act: () => void navigate(`/new/${one.type}?from=${one.id}`) },
      { label: t.header.copyName, icon: "copy", act: () => void copy(one.name) },
      { label: t.header.copyId, icon: "key-round", act: () => void copy(one.id) },
      { label: t.header.copyJson, icon: "braces", act: () => void copy(printJson(withoutSecrets(one), 2)) },
    ],
  },
  { items: partsOf(one.type).map((id) => ({ label: t.header.parts[id], icon: partIcons[id], act: () => void navigate(`/data/${encodeURIComponent(one.name)}/${id}`) })) },
  groupItems(one),
  draftItems(one),
  {
    items: [
      ...(one.type === "view" ? [] : [{ label: t.header.truncate, icon: "trash-2" as const, kind: "danger" as const, ...offOf(isOwnCollection(one.name) && t.header.truncateOwn), act: () => ask({ act: "truncate", collection: one }) }]),
      { label: t.header.remove, icon: "trash-2", kind: "danger", ...offOf(one.system && t.header.removeSystem), act: () => ask({ act: "remove", collection: one }) },
    ],
  },
];

const ask = (of: Asking): void => {
  asking.value = of;
};
const nothing = (): void => {
  asking.value = null;
  naming.value = null;
};

const loadAsk: Load<Asking & { onClose: () => void }> = async () => (await import("./dialogs.tsx")).AskDialog;
const loadName: Load<{ of: Naming; onClose: () => void }> = async () => (await import("./dialogs.tsx")).NameDialog;

export const Dialogs = () => (
  <>
    {asking.value && <Lazy load={loadAsk} of={{ ...asking.value, onClose: nothing }} />}
    {naming.value && <Lazy load={loadName} of={{ of: naming.value, onClose: nothing }} />}
  </>
);

// Who has the focus there keeps one nearby.
export const showSidebar = (): void => {
  if (!isWide()) {
    isOver.value = !isOver.value;
    return;
  }
  const wasInside = document.activeElement?.closest(".side, .data-side") !== null;
  sidebarShown.value = !sidebarShown.value;
  if (wasInside) drawn(() => document.querySelector<HTMLElement>(sidebarShown.peek() ? ".side-hide" : ".data-side")?.focus());
};

export const SidebarButton = () => (
  <Button kind="quiet" icon="panel-left" class="data-side" label={t.shell.showSidebar} aria-expanded={isOver.value} aria-controls="side" onClick={showSidebar} />
);

// What there is of a collection of each type beside its records.
const partsOfTypes: Record<Collection["type"], readonly (keyof typeof t.header.parts)[]> = {
  base: ["schema", "rules", "indexes", "api"],
  auth: ["schema", "rules", "indexes", "auth", "mail", "api"],
  view: ["schema", "rules", "api"],
};

export const partsOf = (type: Collection["type"]): readonly (keyof typeof t.header.parts)[] => partsOfTypes[type];

// Where its records were left.
const recordsAt = new Map<string, string>();

const Parts = ({ one, part }: { one: Collection; part: string | undefined }) => {
  const at = `#/data/${encodeURIComponent(one.name)}`;
  if (part === undefined) recordsAt.set(one.name, location.hash);
  useCommands(partsOf(one.type).map((id) => ({ label: `${one.name}: ${t.header.parts[id]}`, act: () => void navigate(`/data/${encodeURIComponent(one.name)}/${id}`) })), [one.name, one.type]);
  const link = (to: string, id: string | undefined, label: string) => <a key={label} class={id === undefined ? "data-part data-part-first" : "data-part"} href={to} aria-current={part === id ? "page" : undefined}>{label}</a>;
  return (
    <nav class="data-parts" aria-label={t.header.partsOf(one.name)}>
      {link(recordsAt.get(one.name) ?? at, undefined, t.header.records)}
      {partsOf(one.type).map((id) => link(`${at}/${id}`, id, t.header.parts[id]))}
    </nav>
  );
};

export const Header = ({ one, part }: { one: Collection; part: string | undefined }) => (
  <header class="data-head">
    <a class="data-back button button-quiet button-icon" href="#/data" aria-label={t.shell.collections}><Icon name="arrow-left" /></a>
    <SidebarButton />
    <Icon name={typeIcons[one.type]} />
    <h1 title={one.name}>{one.name}</h1>
    <span class="data-facts">
      <Badge>{t.header.types[one.type] ?? one.type}</Badge>
      {warningsOf(one).map((text) => <Badge key={text} kind="warn" title={text === t.header.noProvider ? text : t.header.openWhy}>{text}</Badge>)}
    </span>
    <Parts one={one} part={part} />
    <span class="data-acts">
      <Button kind="quiet" icon={isPinned(one) ? "pin-off" : "pin"} label={isPinned(one) ? t.shell.unpin : t.shell.pin} onClick={() => togglePin(one)} />
      <Menu label={t.header.menu(one.name)} icon="ellipsis" placement="bottom-end" groups={collectionMenu(one)} />
    </span>
  </header>
);
