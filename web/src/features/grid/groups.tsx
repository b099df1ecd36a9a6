// Making and naming groups, and moving collections between them.

import { computed, signal } from "@preact/signals";
import type { Collection } from "../../api/types.ts";
import { t } from "../../i18n/t.ts";
import { groupOf, moveItem, nextGroup, removeGroup, type Group } from "../../lib/groups.ts";
import { showKeys } from "../../state/commands.ts";
import { groups, setGroups } from "../../state/groups.ts";
import { keptValue } from "../../state/prefs.ts";
import { toast } from "../../state/toasts.ts";
import type { MenuGroup } from "../../ui/Menu/Menu.tsx";
import { groupKey } from "./groups.ts";

const kept = keptValue<readonly string[]>("pinned", []);
export const pinned = computed(() => (Array.isArray(kept.value) ? kept.value : [])); // whoever has kept it
export const isPinned = ({ id }: Collection): boolean => pinned.value.includes(id);
export const togglePin = (one: Collection): void => {
  kept.value = isPinned(one) ? pinned.value.filter((id) => id !== one.id) : [...pinned.value, one.id];
};

export type Naming = { group: Group } | { item?: string };
export const naming = signal<Naming | null>(null);
export const nameGroup = (of: Naming): void => {
  naming.value = of;
};

const move = (one: Collection, to: string | null): void => {
  setGroups(moveItem(groups.value, one.id, to));
  toast("ok", t.header.moved(one.name, groups.value.find(({ id }) => id === to)?.name ?? t.shell.collections));
};

// By keys: to the group before or after its own.
export const stepGroup = (one: Collection, by: number): void => {
  const to = nextGroup(groups.value, one.id, by);
  if (to !== (groupOf(groups.value, one.id)?.id ?? null)) move(one, to);
};

// Dropped on a section.
export const dropOn = (one: Collection, section: string): void => {
  if (section === "pinned") {
    if (!isPinned(one)) togglePin(one);
    return;
  }
  if (isPinned(one)) togglePin(one);
  setGroups(moveItem(groups.value, one.id, section.startsWith(groupKey) ? section.slice(groupKey.length) : null));
};

export const groupItems = (one: Collection): MenuGroup => {
  const own = groupOf(groups.value, one.id);
  const places = groups.value.length > 0 ? [...groups.value, { id: null, name: t.header.noGroup }] : [];
  return {
    title: t.header.group(["alt+arrowup", "alt+arrowdown"].map((keys) => showKeys(keys).join("+")).join(", ")),
    items: [
      ...places.map(({ id, name }) => ({ label: name, checked: id === (own?.id ?? null), act: () => move(one, id) })),
      { label: t.header.moveToNew, icon: "folder", act: () => nameGroup({ item: one.id }) },
    ],
  };
};

export const actsOfGroup = (group: Group): MenuGroup[] => [
  {
    items: [
      { label: t.header.renameGroup, icon: "pencil", act: () => nameGroup({ group }) },
      { label: t.header.removeGroup, icon: "trash-2", hint: t.header.collectionsStay, act: () => setGroups(removeGroup(groups.value, group.id)) },
    ],
  },
];
